//! Arrays as joblib writes them: a wrapper, and bytes or a pickle between opcodes.

use super::state::{Kind, Value};
use super::writer::Writer;
use depickle::opcode::table::Opcode as Op;

/// A data type as numpy writes it: what it is made of, its byte order, the size of a text or of raw bytes, its flags, and
/// the size of an element; 0 for objects.
struct DType(&'static str, &'static str, i32, i32, usize);

const DTYPES: &[DType] = &[
    DType("f8", "<", -1, 0, 8),
    DType("i4", "<", -1, 0, 4),
    DType("u1", "|", -1, 0, 1),
    DType("b1", "|", -1, 0, 1),
    DType("c16", ">", -1, 0, 16),
    DType("S5", "|", 5, 0, 5),
    DType("U3", "<", 12, 8, 12),
    DType("V4", "|", 4, 0, 4),
    DType("O8", "|", -1, 63, 0),
];

impl Writer<'_, '_> {
    /// A wrapper and its array: what is left is the wrapper.
    pub(crate) fn array(&mut self) {
        if !self.may(Op::NewObj) {
            return self.leaf();
        }
        let DType(spec, order, size, flags, item) = self.source.pick(DTYPES);
        let shape: Vec<usize> = (0..self.source.below(3)).map(|_| self.source.below(4)).collect();
        self.named("joblib.numpy_pickle", "NumpyArrayWrapper");
        self.op(Op::EmptyTuple);
        self.op(Op::NewObj);
        self.op(Op::EmptyDict);
        self.op(Op::Mark);
        self.key_text("subclass");
        self.named("numpy", "ndarray");
        self.key_text("shape");
        self.op(Op::Mark);
        shape.iter().for_each(|length| self.number(i32::try_from(*length).unwrap_or(0)));
        self.op(Op::Tuple);
        self.key_text("order");
        let letter = *self.source.pick(&["C", "F"]);
        self.key_text(letter);
        self.key_text("dtype");
        self.named("numpy", "dtype");
        self.key_text(spec);
        [Op::NewFalse, Op::NewTrue, Op::Tuple3, Op::Reduce, Op::Mark].into_iter().for_each(|op| self.op(op));
        self.number(3);
        self.key_text(order);
        [Op::None; 3].into_iter().for_each(|op| self.op(op));
        // The alignment of what has a size of its own is 1, of text 4.
        let alignment = if *spec == "U3" {
            4
        } else if *size < 0 {
            -1
        } else {
            1
        };
        [*size, alignment, *flags].into_iter().for_each(|number| self.number(number));
        [Op::Tuple, Op::Build].into_iter().for_each(|op| self.op(op));
        self.key_text("allow_mmap");
        self.op(if *item == 0 { Op::NewFalse } else { Op::NewTrue });
        let padded = self.source.one_in(2, 3);
        if padded {
            self.key_text("numpy_array_alignment_bytes");
            self.number(16);
        }
        [Op::SetItems, Op::Build].into_iter().for_each(|op| self.op(op));
        self.state.push(Value::new(Kind::Object));
        self.arrays.push(self.starts.len());
        self.starts.push(self.out.len());
        if *item == 0 {
            return self.nested();
        }
        // joblib 1.2 and later say so and pad; before, there is neither. Mixed up, the bytes are read from elsewhere.
        if padded {
            let padding = 1 + self.source.below(16);
            self.out.push(padding as u8);
            self.out.extend(std::iter::repeat_n(0xff, padding));
        }
        for _ in 0..shape.iter().product::<usize>() * item {
            let byte = self.source.byte();
            self.out.push(byte);
        }
    }

    /// The pickle of an array of objects, in short.
    fn nested(&mut self) {
        let protocol = *self.source.pick(&[2, 3, 4, 5]);
        self.out.extend([Op::Proto as u8, protocol]);
        let quirk = self.source.below(40);
        self.out.extend_from_slice(match quirk {
            0..=15 => b"cnumpy\nndarray\n)R.",
            16..=30 => b"(cos\nsystem\n)RK\x01aK\x02a(K\x03eN.",
            31..=37 => b"N.",
            // Refused by the C engine, and by both.
            38 => b"cm\nn\n]R.",
            _ => b"cm\nn\n0.",
        });
    }

    fn named(&mut self, module: &str, name: &str) {
        self.op_line(Op::Global, format!("{module}\n{name}").as_bytes());
    }

    fn key_text(&mut self, text: &str) {
        self.op_counted(Op::BinUnicode, 4, text.as_bytes());
    }

    fn number(&mut self, number: i32) {
        self.op(Op::BinInt);
        self.out.extend_from_slice(&number.to_le_bytes());
    }
}
