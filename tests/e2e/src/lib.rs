//! End to end: the seven binaries on real servers, seen from the outside only. The tests are in `tests/`; the
//! scenario they play is the demo's.
