//! Whom a token stands for, as the API server says: asked with the token itself, or about it.

use jiff::Timestamp;
use serde_json::json;

use crate::client::{Call, Cluster, Failure};
use crate::token::Token;

/// What the API server says about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Review {
    /// It stands for this user.
    Accepted {
        /// `system:serviceaccount:NAMESPACE:NAME`.
        user: String,
    },
    /// It is not accepted.
    Rejected {
        /// Why, in the words of the API server; empty where it says nothing.
        error: String,
    },
}

impl Cluster {
    /// Whom our own credentials stand for, and the server's clock.
    ///
    /// # Errors
    /// A 401 where they stand for nobody, and whatever keeps the server from answering.
    pub async fn identify(&self) -> Result<(String, Option<Timestamp>), Box<Failure>> {
        let answer = self.send(Call::who_am_i()).await?;
        let user = answer.body.pointer("/status/userInfo/username");
        let user = user.and_then(|user| user.as_str()).unwrap_or_default();
        Ok((user.to_owned(), answer.date))
    }

    /// Asks about `token`; only callers with the right to `create tokenreviews` get an answer.
    ///
    /// # Errors
    /// Whatever keeps the server from answering.
    pub async fn review(&self, token: &Token) -> Result<Review, Box<Failure>> {
        let path = "/apis/authentication.k8s.io/v1/tokenreviews";
        let question = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "spec": {"token": token.expose()},
        });
        let answer = self
            .send(Call::review("TokenReview", path, question))
            .await?;
        let status = &answer.body["status"];
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Ok(if status["authenticated"] == true {
            Review::Accepted {
                user: text(&status["user"]["username"]),
            }
        } else {
            Review::Rejected {
                error: text(&status["error"]),
            }
        })
    }
}
