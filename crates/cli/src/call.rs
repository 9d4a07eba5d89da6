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
