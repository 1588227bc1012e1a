//! Object paths: `root.steps[1][1].func`, one printer and one parser.
