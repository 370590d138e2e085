//! The function library in Redis. Its name says what is in it, so that two versions of Alert can stand side by side, and
//! whose rooms it is for, so that those of a version that has ended can be removed.

use redis::aio::MultiplexedConnection;
use redis::{RedisError, Value, from_redis_value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

const CODE: &str = concat!(
    include_str!("library/stays.lua"),
    include_str!("library/room.lua"),
    include_str!("library/say.lua"),
    include_str!("library/people.lua"),
    include_str!("library/rule.lua"),
    include_str!("library/roll.lua"),
    include_str!("library/push.lua"),
    include_str!("library/hook.lua"),
    include_str!("library/page.lua"),
    include_str!("library/standing.lua"),
    include_str!("library.lua"),
);
/// What stands for the name in the code.
const PLACEHOLDER: &str = "LIBRARY";

/// The library, ready to be loaded.
pub(super) struct Library {
    /// What the names of all versions for the same rooms begin with.
    family: String,
    name: String,
    code: String,
}

impl Library {
    /// That of the rooms under a prefix, in a database. All of a Redis' databases have their libraries in common.
    pub(super) fn new(prefix: &str, database: i64) -> Self {
        let family = format!("alert_{}_", digest::<4>(&format!("{database} {prefix}")));
        let name = format!("{family}{}", digest::<6>(CODE));
        let code = format!("#!lua name={name}\n{}", CODE.replace(PLACEHOLDER, &name));
        Self { family, name, code }
    }

    /// What `FUNCTION LOAD` takes.
    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A function's name in Redis.
    pub(super) fn function(&self, name: &str) -> String {
        format!("{}_{name}", self.name)
    }

    /// Removes those of other versions for the same rooms, except those in `used`. Whoever uses one all the same connects
    /// again when it is missing, which loads it.
    pub(super) async fn remove_others(
        &self,
        connection: &mut MultiplexedConnection,
        used: &BTreeSet<String>,
    ) -> Result<(), RedisError> {
        let mut list = redis::cmd("FUNCTION");
        list.arg("LIST").arg("LIBRARYNAME").arg(format!("{}*", self.family));
        let found: Vec<HashMap<String, Value>> = list.query_async(connection).await?;
        let names = found.into_iter().filter_map(|mut library| library.remove("library_name"));
        let names = names.filter_map(|name| from_redis_value::<String>(name).ok());
        for name in names.filter(|name| *name != self.name && !used.contains(name)) {
            // Another node may have been faster.
            let _ = redis::cmd("FUNCTION").arg("DELETE").arg(&name).query_async::<Value>(connection).await;
            tracing::info!(
                library = name,
                "the functions of a version that has ended are removed from Redis"
            );
        }
        Ok(())
    }
}

/// The first bytes of its digest.
fn digest<const BYTES: usize>(text: &str) -> String {
    Sha256::digest(text)[..BYTES].iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
