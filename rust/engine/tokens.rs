//! Tokens: their hashes in the catalog. The tokens themselves are never seen here.

use super::Engine;
use crate::error::{EngineError, Result};
use crate::schema::{CatalogChange, Token};

impl Engine {
    /// Makes a token; durable on return.
    ///
    /// # Errors
    /// `Conflict` where the name is taken.
    pub fn create_token(
        &self,
        name: &str,
        hash: [u8; 64],
        created_at_ms: i64,
        expiry_ms: Option<i64>,
    ) -> Result<Token> {
        self.change(|resolver| {
            if resolver.catalog().tokens.contains_key(name) {
                return Err(EngineError::conflict(format!("token name already exists, {name}")));
            }
            let id = resolver.catalog().next_token_id();
            let token = Token { id, name: name.into(), hash, created_at_ms, expiry_ms };
            resolver.change(CatalogChange::PutToken(token.clone()))?;
            Ok(token)
        })
    }

    /// Gives a token a new hash; the old one is dead on return.
    ///
    /// # Errors
    /// `NotFound` where there is no such token.
    pub fn replace_token(&self, name: &str, hash: [u8; 64], created_at_ms: i64) -> Result<Token> {
        self.change(|resolver| {
            let found = resolver.catalog().tokens.get(name).cloned();
            let old = found.ok_or_else(|| unknown_token(name))?;
            let token = Token { hash, created_at_ms, ..old };
            resolver.change(CatalogChange::PutToken(token.clone()))?;
            Ok(token)
        })
    }

    /// Forgets a token.
    ///
    /// # Errors
    /// `NotFound` where there is no such token.
    pub fn delete_token(&self, name: &str) -> Result<()> {
        self.change(|resolver| {
            if !resolver.catalog().tokens.contains_key(name) {
                return Err(unknown_token(name));
            }
            resolver.change(CatalogChange::DeleteToken { name: name.into() })
        })
    }
}

fn unknown_token(name: &str) -> EngineError {
    EngineError::not_found(format!("the requested resource was not found: {name}"))
}
