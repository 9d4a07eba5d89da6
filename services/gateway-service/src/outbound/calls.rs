/// Gives a peer one method per rpc: same name, same messages, with deadline, retries and trace.
macro_rules! calls {
    ($peer:ident . $client:ident: $($verb:ident($request:ty) -> $response:ty;)+) => {
        impl $peer {
            $(pub async fn $verb(&self, request: $request) -> fault::Result<$response> {
                rpc::call(rpc::Deadline::INTERACTIVE, request, |request| {
                    let mut client = self.$client.clone();
                    async move { client.$verb(request).await }
                })
                .await
            })+
        }
    };
}

/// As `calls!`, each in the name of whoever calls us: the peer answers what they may see.
macro_rules! calls_for {
    ($peer:ident . $client:ident: $($verb:ident($request:ty) -> $response:ty;)+) => {
        impl $peer {
            $(pub async fn $verb(&self, caller: &Caller, request: $request) -> fault::Result<$response> {
                rpc::call_for(Some(&caller.told()), rpc::Deadline::INTERACTIVE, request, |request| {
                    let mut client = self.$client.clone();
                    async move { client.$verb(request).await }
                })
                .await
            })+
        }
    };
}

pub(super) use {calls, calls_for};
