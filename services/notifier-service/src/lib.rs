//! Decides, exactly once, whether and how to bring a customer back, and does it.

pub mod domain;
