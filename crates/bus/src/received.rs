use async_nats::jetstream::Message;
use events::{Received, Subject, headers};
use fault::{Fault, Result, codes};

/// Takes a JetStream message apart. Fails for subjects outside the catalogue.
pub(crate) fn received(message: &Message) -> Result<Received> {
    let raw_subject = message.subject.to_string();
    let subject = Subject::parse(&raw_subject)
        .ok_or_else(|| Fault::new(&codes::MALFORMED, "is not a subject of the catalogue").of("subject"))?;
    let headers: Vec<(String, String)> = message
        .headers
        .iter()
        .flat_map(|map| map.iter())
        .filter_map(|(name, values)| values.first().map(|value| (name.to_string(), value.to_string())))
        .collect();
    let delivered = message.info().map(|info| info.delivered).unwrap_or(1);
    let find = |name: &str| {
        headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.clone())
    };
    let id = find(headers::CE_ID)
        .or_else(|| find(headers::MESSAGE_ID))
        .unwrap_or_default();
    Ok(Received {
        subject,
        raw_subject,
        id,
        headers,
        payload: message.payload.clone(),
        delivered,
    })
}
