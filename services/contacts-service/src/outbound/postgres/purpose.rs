use crate::domain::Reading;
use fault::Result;
use sqlx::PgConnection;
use store::OrFault;

/// Says what the transaction reads addresses for, until it ends or says otherwise.
pub async fn say(db: &mut PgConnection, reading: Reading) -> Result<()> {
    sqlx::query_scalar!("SELECT set_config('homing.purpose', $1, true)", reading.word())
        .fetch_one(db)
        .await
        .or_fault("say what addresses are read for")?;
    Ok(())
}
