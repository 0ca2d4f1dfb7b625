//! Looking after the database.

use std::path::Path;

use super::{App, Error};

impl App {
    /// Brings the database up to date.
    pub async fn migrate(&self) -> Result<(), Error> {
        Ok(self.store.migrate().await?)
    }

    /// Copies a SQLite database while it is in use.
    pub async fn backup(&self, file: &Path) -> Result<(), Error> {
        Ok(self.store.backup(file).await?)
    }
}
