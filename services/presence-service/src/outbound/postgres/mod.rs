pub(crate) mod visitor_presence;
