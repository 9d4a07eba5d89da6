//! People and how to reach them. Pure: what was given and what is stored go in, what to write comes out.

mod address;
mod capture;
mod channel_profile;
mod consent;
mod contact;
mod edit;
mod erasure;
mod export;
pub mod identity;
pub mod import;
mod merge;
pub mod page;
mod phone;
mod profile;
#[cfg(test)]
mod property;
mod purchase;
mod purpose;
mod retention;
pub mod roles;
pub mod segment;
pub mod sheet;

pub use address::{Address, AddressKind, AddressValue, ExternalId, PageScopedId};
pub use capture::{Conflict, Found, Given, NameStep, Owners, Plan, Target, plan};
pub use channel_profile::{ChannelProfile, KeptProfile, Network, ProfileField, ProfileValue};
pub use consent::{By, Consent, KeptConsent, Withdrawal, Wording, name, not_ahead};
pub use contact::{Capture, CapturedValue, Contact, ContactChange, KeptConflict, Owner, StoredContact};
pub use edit::{Edit, Field, FieldChange, Fields};
pub use erasure::{Erased, Erasure, ErasureReason, ErasureRequest, ErasureStep, Place, Trace, is_of};
pub use export::Leg;
pub use phone::Phone;
pub use profile::{DATA, DataKey, DataValue, Datum, Profile, Stage, Tag, Zone};
pub use purchase::{
    Kept, Order, OrderKey, OrderLine, OrderStatus, OrderVersion, Parcel, Purchase, Said, handed_on, news, step,
};
pub use purpose::{Bound, Purpose, PurposeDenied, Reading};
pub use retention::{Activity, Period, Retention};
