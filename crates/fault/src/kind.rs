use std::time::Duration;

/// What the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Change the request.
    InvalidArgument,
    /// Show who you are.
    Unauthenticated,
    /// Ask somebody with the right.
    PermissionDenied,
    /// It is not there (yet).
    NotFound,
    /// Something else has to happen first.
    FailedPrecondition,
    /// It exists with other content.
    AlreadyExists,
    /// Somebody was faster; read again and repeat.
    Conflict,
    /// Slow down.
    RateLimited,
    /// It took too long; repeat.
    Timeout,
    /// A dependency is away; repeat later.
    Unavailable,
    /// Ours to mend.
    Internal,
}

/// What a consumer does with a message whose handling ended in a fault of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ack {
    /// Store a dead letter and stop delivery.
    Dead,
    /// Deliver again after growing delays; when deliveries are used up, a dead letter.
    RetryThenDead,
    /// Deliver again after this delay, without limit of its own.
    Retry(Duration),
}

impl Kind {
    /// All kinds, in table order.
    pub const ALL: [Self; 11] = [
        Self::InvalidArgument,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::FailedPrecondition,
        Self::AlreadyExists,
        Self::Conflict,
        Self::RateLimited,
        Self::Timeout,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The canonical gRPC status code's number.
    pub fn grpc(self) -> i32 {
        match self {
            Self::InvalidArgument => 3,
            Self::Timeout => 4,
            Self::NotFound => 5,
            Self::AlreadyExists => 6,
            Self::PermissionDenied => 7,
            Self::RateLimited => 8,
            Self::FailedPrecondition => 9,
            Self::Conflict => 10,
            Self::Internal => 13,
            Self::Unavailable => 14,
            Self::Unauthenticated => 16,
        }
    }

    /// The kind a peer meant by a gRPC status code. Codes that no service of ours sends count as `Internal`, except
    /// CANCELLED and UNKNOWN, which transports produce: those are `Unavailable`.
    pub fn from_grpc(code: i32) -> Self {
        match code {
            1 | 2 => Self::Unavailable,
            code => Self::ALL
                .into_iter()
                .find(|kind| kind.grpc() == code)
                .unwrap_or(Self::Internal),
        }
    }

    pub fn http(self) -> u16 {
        match self {
            Self::InvalidArgument => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::FailedPrecondition | Self::AlreadyExists | Self::Conflict => 409,
            Self::RateLimited => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }

    pub fn ack(self) -> Ack {
        match self {
            // The same event id with the same content never becomes a fault; with other content it is a mistake.
            Self::InvalidArgument | Self::Unauthenticated | Self::PermissionDenied | Self::AlreadyExists => Ack::Dead,
            Self::NotFound | Self::FailedPrecondition | Self::Internal => Ack::RetryThenDead,
            Self::Conflict => Ack::Retry(Duration::from_millis(100)),
            Self::RateLimited | Self::Timeout | Self::Unavailable => Ack::Retry(Duration::from_secs(1)),
        }
    }

    /// True if the same request may succeed later as it is.
    pub fn may_retry(self) -> bool {
        matches!(
            self,
            Self::Conflict | Self::RateLimited | Self::Timeout | Self::Unavailable
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_the_wire() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_grpc(kind.grpc()), kind);
        }
    }
}
