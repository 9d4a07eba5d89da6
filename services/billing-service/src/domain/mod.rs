//! Prices, holds, books and usage. Pure: what came in and what is known go in, new state and movements come out.

mod books;
mod hold;
mod price;
#[cfg(test)]
mod property;
mod usage;

pub use books::{Account, Broken, Entry, Ledger, Movement, Reason};
pub use hold::{Hold, HoldState, Mark, Terms, TermsDiffer};
pub use price::{Kind, MAX_PRICE, Place, Price, PriceMissing, price_of};
pub use usage::{By, Charge, Cursor, Period, UsageRow};
