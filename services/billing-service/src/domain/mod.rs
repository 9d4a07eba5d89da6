//! Prices, holds, books and usage. Pure: what came in and what is known go in, new state and movements come out.

mod books;
mod hold;
#[cfg(test)]
mod interleavings;
mod lot;
mod order;
mod plan;
mod price;
mod price_sheet;
#[cfg(test)]
mod property;
mod sheet;
mod statement;
mod usage;
mod watch;

pub use books::{Account, Broken, Entry, JournalLine, Ledger, Movement, Reason};
pub use hold::{CannotSettle, Hold, HoldState, Mark, Outcome, Terms, TermsDiffer};
pub use lot::{Lot, Purse};
pub use order::{Order, Till, Verdict};
pub use plan::{Month, Plan};
pub use price::{Kind, MAX_LIST, MAX_PRICE, MAX_PRICES, Place, Price, PriceMissing, first_repeated, price_of};
pub use price_sheet::{read_prices, write_prices};
pub use sheet::{Problem, told};
pub use statement::{Drift, DriftKind, Provider, Reported, read_statement};
pub use usage::{By, Charge, Cursor, Filter, Period, Receipt, Usage, UsageRow};
pub use watch::{Notice, Refill, Watch};
