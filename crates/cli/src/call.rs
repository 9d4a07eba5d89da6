/// Calls one rpc of a client with deadline, retries and trace context.
macro_rules! call {
    ($client:expr, $rpc:ident, $request:expr) => {{
        let client = $client.clone();
        rpc::call(rpc::Deadline::INTERACTIVE, $request, move |request| {
            let mut client = client.clone();
            async move { client.$rpc(request).await }
        })
        .await
    }};
}
pub(crate) use call;

/// Most entries of one page.
pub(crate) const PAGE: u32 = 200;

/// Calls an rpc that lists, page by page, until it has `limit` entries or all.
macro_rules! pages {
    ($client:expr, $rpc:ident, $request:expr, $entries:ident, $limit:expr) => {{
        let (most, limit) = (usize::try_from($limit)?, $limit);
        let mut request = $request;
        request.page_size = limit.min(crate::call::PAGE);
        let mut entries = Vec::new();
        loop {
            let page = crate::call::call!($client, $rpc, request.clone())?;
            entries.extend(page.$entries);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() || entries.len() >= most {
                break;
            }
        }
        entries.truncate(most);
        entries
    }};
}
pub(crate) use pages;
