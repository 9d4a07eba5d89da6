//! Visits of people who are erased.

use crate::door::{World, visitor};
use events::common::PresenceCause::{Left, Returned, Unspecified as NoCause};
use events::common::PresenceState::{Offline, Online};
use rpc::presence::ErasePersonRequest;
use rpc::presence::person_service_client::PersonServiceClient;
use std::time::Duration;

#[tokio::test]
async fn when_a_person_was_last_there_is_forgotten_and_of_others_it_is_not() -> anyhow::Result<()> {
    let world = World::new().await?;
    let (door, gateway) = (world.owner().await?, world.gateway("g1").await?);
    for number in [1, 2] {
        gateway.open(number, "a").await?;
        door.shows(number, Online, Returned).await?;
        gateway.close(number, "a").await?;
        door.heard_ending(number).await?;
    }
    world.clock.advance(Duration::from_secs(15));
    // Told means written: rows and facts are committed together.
    for number in [1, 2] {
        world.tells(number, &[(Online, Returned), (Offline, Left)]).await?;
    }
    let mut persons = PersonServiceClient::new(rpc::connect(&format!("http://{}", door.running.grpc))?);
    let mut erase = async |workspace: &str, visitors: Vec<String>| {
        let request = ErasePersonRequest {
            workspace: workspace.into(),
            visitors,
        };
        let answer = persons.erase_person(request).await?.into_inner();
        Ok::<_, tonic::Status>(answer.erased.get("visitors").copied())
    };
    assert_eq!(erase("bolt", vec![visitor(1)]).await?, Some(0));
    assert_eq!(erase("acme", vec![visitor(1), visitor(3)]).await?, Some(1));
    assert_eq!(erase("acme", vec![visitor(1)]).await?, Some(0));
    for wrong in [vec![], vec!["x".to_owned()], vec![visitor(1); 101]] {
        let refused = erase("acme", wrong).await.expect_err("a refusal");
        assert_eq!(rpc::from_status(&refused).field(), Some("visitors"));
    }
    assert_eq!(door.get("acme", 2).await?.cause(), Left);
    door.shows(1, Offline, NoCause).await?;
    door.running.stop().await;
    Ok(())
}
