pub(crate) mod gateways;
pub(crate) mod postgres;
