//! What becomes of a mapped file that is cut short while it is read.
//!
//! The system answers whoever touches bytes that are gone with SIGBUS, which ends the process, and with it the reports of
//! all other files. Where [`survive_shrinking`] was called, a page of zeros takes their place instead and the reading goes on;
//! [`Source::changed`](super::Source::changed) then tells it from an answer. Zeros are no worse than what a file that
//! is written to may hold: bytes are checked at each use.
#![allow(unsafe_code, reason = "a handler of signals cannot be had without it; it belongs to the memory map")]

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of a page; a power of two.
static PAGE: AtomicUsize = AtomicUsize::new(4096);

/// Lets this process survive that a file it has mapped is cut short. For the whole process, so for its `main` to decide;
/// a library's user may have a handler of its own.
pub fn survive_shrinking() {
    // SAFETY: `sysconf` has no conditions. `action` is a plain structure for which all zeros is a valid value, and its
    // handler does only what may be done in one: it takes no lock and no memory.
    unsafe {
        if let Ok(page @ 1..) = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)) {
            PAGE.store(page, Ordering::Relaxed);
        }
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = fill as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // Where it is refused, the process ends as it would have.
        libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
    }
}

/// Puts zeros where there is no file any more; lets the process end where that is not what happened.
extern "C" fn fill(_signal: libc::c_int, about: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    let page = PAGE.load(Ordering::Relaxed);
    // SAFETY: the system hands a valid `siginfo_t`, which for SIGBUS holds an address. BUS_ADRERR says that no bytes lie
    // behind that address: it is in a map that is longer than its file. The page is nobody's memory then, and replacing
    // it by zeros that can only be read takes nothing away from anyone.
    unsafe {
        let at = (*about).si_addr().map_addr(|at| at & !page.wrapping_sub(1));
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
        let filled = (*about).si_code == libc::BUS_ADRERR
            && libc::mmap(at, page, libc::PROT_READ, flags, -1, 0) != libc::MAP_FAILED;
        if !filled {
            libc::signal(libc::SIGBUS, libc::SIG_DFL);
        }
    }
}
