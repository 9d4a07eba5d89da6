//! How long things are kept, in two services.

use super::{Answer, Peers, answer};
use prost_types::Timestamp;
use rpc::contacts::retention_service_server as contacts;
use rpc::conversation::retention_service_server as conversations;
use tonic::Request;

macro_rules! keeps {
    ($trait:path, $package:ident, $what:literal) => {
        #[tonic::async_trait]
        impl $trait for Peers {
            async fn get_retention(
                &self,
                _: Request<rpc::$package::GetRetentionRequest>,
            ) -> Answer<rpc::$package::GetRetentionResponse> {
                let memory = self.memory();
                let set = memory.retentions.iter().rev().find(|(what, ..)| *what == $what);
                let retention = set.map_or_else(Default::default, |(_, days, version, by)| {
                    rpc::$package::Retention {
                        days: *days,
                        version: version + 1,
                        by: by.clone(),
                        set_at: Some(Timestamp::default()),
                        applied_at: None,
                        erased: 3,
                    }
                });
                answer(rpc::$package::GetRetentionResponse {
                    retention: Some(retention),
                })
            }

            async fn set_retention(
                &self,
                request: Request<rpc::$package::SetRetentionRequest>,
            ) -> Answer<rpc::$package::SetRetentionResponse> {
                let request = request.into_inner();
                let retention = rpc::$package::Retention {
                    days: request.days,
                    version: request.version + 1,
                    by: request.by.clone(),
                    ..Default::default()
                };
                let set = ($what, request.days, request.version, request.by);
                self.memory().retentions.push(set);
                answer(rpc::$package::SetRetentionResponse {
                    retention: Some(retention),
                })
            }
        }
    };
}

keeps!(contacts::RetentionService, contacts, "contacts");
keeps!(conversations::RetentionService, conversation, "conversations");
