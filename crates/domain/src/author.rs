/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthorRole {
    Customer,
    Agent,
    Bot,
    /// Automatic messages and forms; never starts a follow-up.
    System,
}

impl AuthorRole {
    /// The word as stored in tables and used in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Bot => "bot",
            Self::System => "system",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Customer, Self::Agent, Self::Bot, Self::System]
            .into_iter()
            .find(|role| role.word() == word)
    }
}
