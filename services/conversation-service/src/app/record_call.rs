//! Calls that a telephone system tells of. Who calls is kept as a contact, like everybody who gives a number.

use super::ingest_events::{CallEnded, of_customer, remember};
use super::record::record;
use super::{App, retry};
use crate::domain::automatic::{About, Carriage, Kind, Voice};
use crate::domain::call::{self, Call, Place};
use crate::domain::conversation::{Change, Content, Conversation, Draft, Opening, Reach};
use crate::domain::given::Given;
use crate::domain::settings::{Channel, ChannelKind};
use crate::outbound::postgres::{agent, automatic_messages, channel, conversation, counter, message};
use domain::{AuthorRole, ConversationId, Language, MessageId, MessageText};
use fault::{Fault, Result, codes};
use store::{Tenure, Tx};

/// Name of the inbox rows: which calls were recorded, under whatever event.
const RECORDED: &str = "conversation.call";

impl App {
    /// Records a call in the caller's conversation, and has a text answer it where its team wants that; once for a call.
    pub(super) async fn record_call(&self, ended: CallEnded, tenure: Option<&Tenure>) -> Result<()> {
        if self.is_known(&ended).await? {
            return Ok(());
        }
        let (channel, voice) = self.called(&ended).await?;
        // Who calls shows their number, whatever the channel asks for.
        let given = Given {
            phone: ended.given.phone.clone(),
            ..ended.given.clone().allowed_by(&channel.settings)
        };
        let country = channel.settings.default_country.as_str();
        let place = (&channel.id, channel.kind, country);
        let captured = self
            .contacts
            .capture_contact_soon(&ended.workspace, &given, place)
            .await;
        let reach = captured.map_err(of_customer)?;
        let (ended, channel, voice) = (&ended, &channel, voice.as_ref());
        retry(|| self.record_once(ended, channel, voice, reach, tenure)).await
    }

    /// Before anybody is made of who called: an event that comes again, perhaps after they were erased, makes nobody.
    async fn is_known(&self, ended: &CallEnded) -> Result<bool> {
        let mut tx = self.store.begin(&ended.workspace).await?;
        Ok(!remember(&mut tx, ended.sent(), self.now()).await?)
    }

    /// What was called, and what its team says by itself.
    async fn called(&self, ended: &CallEnded) -> Result<(Channel, Option<Voice>)> {
        let workspace = &ended.workspace;
        let mut tx = self.store.begin(workspace).await?;
        let found = channel::get(&mut tx, workspace, &ended.channel).await?;
        let missing = || Fault::invalid("data.channel", "does not exist in this workspace; create it first");
        let channel = found.ok_or_else(missing)?;
        if channel.kind != ChannelKind::Voice {
            return Err(Fault::invalid(
                "data.channel",
                "must be of kind voice: it is what was called",
            ));
        }
        if let Some(team) = &ended.team
            && agent::team_name(&mut tx, workspace, team).await?.is_none()
        {
            return Err(Fault::invalid(
                "data.team",
                "does not exist in this workspace; create it first",
            ));
        }
        let channel = channel.of_team(ended.team.as_ref());
        let voice = automatic_messages::voice_of(&mut tx, workspace, &channel).await?;
        Ok((channel, voice))
    }

    async fn record_once(
        &self,
        ended: &CallEnded,
        channel: &Channel,
        voice: Option<&Voice>,
        reach: Reach,
        tenure: Option<&Tenure>,
    ) -> Result<()> {
        let workspace = &ended.workspace;
        let mut tx = self.store.begin(workspace).await?;
        if let Some(tenure) = tenure
            && !tx.hold(tenure).await?
        {
            return Err(Fault::new(&codes::UNAVAILABLE, "another replica takes events now"));
        }
        if !remember(&mut tx, ended.sent(), self.now()).await? {
            return Ok(());
        }
        let call = format!("{}/{}", ended.integration, ended.call);
        if !tx.first_time(workspace, RECORDED, &call).await? {
            return tx.commit().await;
        }
        let Some(phone) = reach.phone else {
            return Err(Fault::invalid("data.customer.phone", "is missing; say who called"));
        };
        // Of two calls at once the second one finds what the first one opened.
        conversation::hold_number(&mut tx, workspace, phone).await?;
        let open = conversation::lock_open_of_number(&mut tx, workspace, phone).await?;
        let now = self.now();
        let text = voice.and_then(|voice| voice.answer_to_call(ended.outcome, open.as_ref(), ended.at, now));
        let messages = voice.map(|voice| voice.messages.clone()).unwrap_or_default();
        let place = call::place(ended.outcome, &messages, open.is_some(), text.is_some());
        let conversation = match (place, open) {
            (Place::Nowhere, _) => return tx.commit().await,
            (_, Some(open)) => open,
            _ => self.opened(&mut tx, ended, channel, reach).await?,
        };
        let said = text.zip(voice);
        self.write_call(&mut tx, ended, conversation, place, said, channel)
            .await?;
        tx.commit().await
    }

    /// For the team that the call names, if it names one.
    async fn opened(&self, tx: &mut Tx, ended: &CallEnded, channel: &Channel, reach: Reach) -> Result<Conversation> {
        let mut conversation = Conversation::open(Opening {
            id: ConversationId::generate(self.store.entropy()),
            channel: channel.id.clone(),
            visitor: None,
            reach,
            page_url: String::new(),
            opened_by: AuthorRole::Customer,
            outreach: false,
            at: ended.at,
            external: None,
            team: ended.team.clone(),
        });
        conversation.number = counter::next(tx, &ended.workspace).await?;
        Ok(conversation)
    }

    async fn write_call(
        &self,
        tx: &mut Tx,
        ended: &CallEnded,
        mut conversation: Conversation,
        place: Place,
        said: Option<(Kind, &Voice)>,
        channel: &Channel,
    ) -> Result<()> {
        let workspace = &ended.workspace;
        let started = Change::Started(Box::new(conversation.clone()));
        let language = Language::parse(&channel.settings.language)?;
        let draft = Draft {
            id: MessageId::generate(self.store.entropy()),
            // Not the customer's words: nothing that waits for these ends by it, and widgets are not shown it.
            author: AuthorRole::System,
            agent: None,
            text: MessageText::parse(&ended.outcome.record(language))?,
            at: ended.at,
            follow_up: false,
            client_id: None,
            foreign: None,
            content: Content::Call(Call {
                outcome: ended.outcome,
                seconds: ended.seconds,
            }),
        };
        let (told, posted) = conversation.post(draft).expect("it is open, or new");
        let mut messages = vec![told];
        let mut changes = vec![posted];
        if let Some((kind, voice)) = said {
            let id = MessageId::generate(self.store.entropy());
            let (answer, change) = voice.say(
                &mut conversation,
                (kind, Carriage::Text),
                About::default(),
                id,
                ended.at,
            );
            messages.push(answer);
            changes.push(change);
        }
        if place == Place::Resolved {
            changes.extend(conversation.resolve(ended.at));
        }
        if place == Place::Open {
            conversation::update(tx, &[(workspace, &conversation)]).await?;
        } else {
            conversation::insert(tx, &[(workspace, &conversation)], None).await?;
            changes.insert(0, started);
        }
        let rows: Vec<_> = messages.iter().map(|message| (workspace, message)).collect();
        message::insert(tx, &rows).await?;
        for change in &changes {
            record(tx, workspace, change, ended.trace.as_deref());
        }
        Ok(())
    }
}
