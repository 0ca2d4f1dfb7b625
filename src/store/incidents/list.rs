//! Lists of incidents, newest first.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Query,
};

use super::super::{
    Step, StoreError,
    rows::{instant, instant_or_epoch, instant_or_none, narrow, parse},
};
use crate::domain::{
    IncidentId, PriorityId, ServiceId, Time,
    incident::{Kind, Stage},
    situation::Relation,
};

const STEP: &str = "read the present state of incidents";

/// How an incident stands, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its number.
    pub id: IncidentId,
    /// What people cannot do.
    pub title: String,
    /// How grave.
    pub priority: PriorityId,
    /// What sort of trouble.
    pub kind: Kind,
    /// How far it is.
    pub stage: Stage,
    /// Whether only named people may know of it.
    pub restricted: bool,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Its revision.
    pub revision: u32,
    /// Services and how they are touched.
    pub services: BTreeMap<ServiceId, Relation>,
    /// When the trouble started.
    pub started_at: Time,
    /// When it was declared.
    pub declared_at: Time,
    /// When its last record was made.
    pub changed_at: Time,
    /// When the service came back.
    pub resolved_at: Option<Time>,
    /// When it was closed or cancelled.
    pub ended_at: Option<Time>,
    /// The earliest time that is promised.
    pub next_due: Option<Time>,
}

/// Which incidents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those alone whose people are still owed updates.
    pub open_only: bool,
    /// At this stage.
    pub stage: Option<Stage>,
    /// Of this priority.
    pub priority: Option<PriorityId>,
    /// Touching this service.
    pub service: Option<ServiceId>,
    /// Those that the reader may know of.
    pub visible: Visible,
}

/// Which incidents a reader may know of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Visible {
    /// All but restricted ones.
    #[default]
    Public,
    /// All but restricted ones in which the reader is not named; these are those they are in.
    PublicAnd(BTreeSet<IncidentId>),
    /// All: for the program itself.
    All,
}

/// An incident of which a list cannot say how it stands: a newer version wrote it, or it was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its number.
    pub id: IncidentId,
    /// What people cannot do.
    pub title: String,
    /// How grave, as it is written there.
    pub priority: String,
    /// How far it is, as it is written there.
    pub stage: String,
    /// Whether only named people may know of it.
    pub restricted: bool,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// When the trouble started; 1970 if that is what cannot be read.
    pub started_at: Time,
    /// When it was declared; 1970 if that is what cannot be read.
    pub declared_at: Time,
}

/// A page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SummaryPage {
    /// Newest first.
    pub incidents: Vec<Summary>,
    /// Those of the page that cannot be read, the newest first.
    pub unread: Vec<Unread>,
    /// Give this as `before` for the next page; `None` on the last one.
    pub next: Option<IncidentId>,
}

/// A page of at most `limit` incidents with numbers below `before`, the highest first.
pub async fn list(
    conn: &impl ConnectionTrait,
    filter: &Filter,
    before: Option<IncidentId>,
    limit: u32,
) -> Result<SummaryPage, StoreError> {
    const STEP: &str = "list incidents";
    use entity::{
        incident::{Column, Entity},
        incident_service,
    };
    let mut query = Entity::find().filter(visible(&filter.visible));
    if let Some(before) = before {
        query = query.filter(Column::Id.lt(i64::from(before.0)));
    }
    if filter.open_only {
        query = query.filter(Column::IsOpen.into_expr());
    }
    if let Some(stage) = filter.stage {
        query = query.filter(Column::Stage.eq(stage.as_str()));
    }
    if let Some(priority) = &filter.priority {
        query = query.filter(Column::Priority.eq(priority.as_str()));
    }
    if let Some(service) = &filter.service {
        query = query.filter(
            Column::Id.in_subquery(
                Query::select()
                    .column(incident_service::Column::IncidentId)
                    .from(incident_service::Entity)
                    .and_where(incident_service::Column::ServiceId.eq(service.as_str()))
                    .take(),
            ),
        );
    }
    let mut rows = query
        .order_by_desc(Column::Id)
        .limit(u64::from(limit) + 1)
        .all(conn)
        .await
        .step(STEP)?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = match rows.last().filter(|_| more) {
        Some(last) => Some(IncidentId(narrow(last.id, STEP)?)),
        None => None,
    };
    let mut page = SummaryPage {
        next,
        ..SummaryPage::default()
    };
    for row in summaries(conn, rows).await? {
        match row {
            Ok(summary) => page.incidents.push(summary),
            Err((unread, _)) => page.unread.push(unread),
        }
    }
    Ok(page)
}

/// Every incident, the oldest first.
pub async fn all_ids(conn: &impl ConnectionTrait) -> Result<Vec<IncidentId>, StoreError> {
    ids(conn, Condition::all(), "list all incidents").await
}

/// The incidents for which something may be due, the oldest first: those that have not ended, and those
/// with a promise.
pub async fn awaiting_the_clock(
    conn: &impl ConnectionTrait,
) -> Result<Vec<IncidentId>, StoreError> {
    use entity::incident::Column;
    let waiting = Condition::any()
        .add(Column::IsOpen.into_expr())
        .add(Column::EndedAt.is_null())
        .add(Column::NextDue.is_not_null());
    ids(conn, waiting, "list incidents that wait for something").await
}

async fn ids(
    conn: &impl ConnectionTrait,
    which: Condition,
    step: &'static str,
) -> Result<Vec<IncidentId>, StoreError> {
    use entity::incident::{Column, Entity};
    let found: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(which)
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(conn)
        .await
        .step(step)?;
    found
        .into_iter()
        .map(|id| Ok(IncidentId(narrow(id, step)?)))
        .collect()
}

/// One incident, restricted or not; `None` if there is no such incident.
pub async fn summary(
    conn: &impl ConnectionTrait,
    id: IncidentId,
) -> Result<Option<Summary>, StoreError> {
    let row = entity::incident::Entity::find_by_id(i64::from(id.0))
        .one(conn)
        .await
        .step("look up an incident")?;
    let found = summaries(conn, row.into_iter().collect()).await?.pop();
    found.transpose().map_err(|(_, error)| error)
}

/// Whether only named people may know of an incident; `None` if there is no such incident.
pub async fn is_restricted(
    conn: &impl ConnectionTrait,
    id: IncidentId,
) -> Result<Option<bool>, StoreError> {
    use entity::incident::{Column, Entity};
    Entity::find_by_id(i64::from(id.0))
        .select_only()
        .column(Column::Restricted)
        .into_tuple()
        .one(conn)
        .await
        .step("see who may know of an incident")
}

/// An incident whose people are still owed updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Its number.
    pub id: IncidentId,
    /// Whether only named people may know of it.
    pub restricted: bool,
}

/// At most `limit` of the open incidents, the newest first.
pub async fn open(conn: &impl ConnectionTrait, limit: u32) -> Result<Vec<Open>, StoreError> {
    use entity::incident::{Column, Entity};
    const STEP: &str = "list open incidents";
    let found: Vec<(i64, bool)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Restricted])
        .filter(Column::IsOpen.into_expr())
        .order_by_desc(Column::Id)
        .limit(u64::from(limit))
        .into_tuple()
        .all(conn)
        .await
        .step(STEP)?;
    found
        .into_iter()
        .map(|(id, restricted)| {
            let id = IncidentId(narrow(id, STEP)?);
            Ok(Open { id, restricted })
        })
        .collect()
}

/// The incidents that only named people may know of.
pub async fn restricted(conn: &impl ConnectionTrait) -> Result<Vec<IncidentId>, StoreError> {
    use entity::incident::Column;
    let restricted = Condition::all().add(Column::Restricted.into_expr());
    ids(conn, restricted, "list restricted incidents").await
}

fn visible(visible: &Visible) -> Condition {
    use entity::incident::Column;
    match visible {
        Visible::All => Condition::all(),
        Visible::Public => Condition::all().add(Column::Restricted.eq(false)),
        Visible::PublicAnd(named) => Condition::any()
            .add(Column::Restricted.eq(false))
            .add(Column::Id.is_in(named.iter().map(|id| i64::from(id.0)))),
    }
}

/// How each of these stands; of one that cannot be read, what can be said and why.
async fn summaries(
    conn: &impl ConnectionTrait,
    rows: Vec<entity::incident::Model>,
) -> Result<Vec<Result<Summary, (Unread, StoreError)>>, StoreError> {
    use entity::incident_service::{Column, Entity, Model};
    let mut services: BTreeMap<i64, Vec<Model>> = BTreeMap::new();
    if !rows.is_empty() {
        let touched = Entity::find()
            .filter(Column::IncidentId.is_in(rows.iter().map(|row| row.id)))
            .all(conn)
            .await
            .step(STEP)?;
        for row in touched {
            services.entry(row.incident_id).or_default().push(row);
        }
    }
    rows.into_iter()
        .map(|row| {
            let id = IncidentId(narrow(row.id, STEP)?);
            let touched = services.remove(&row.id).unwrap_or_default();
            Ok(summary_of(id, &row, &touched).map_err(|error| (unread(id, row), error)))
        })
        .collect()
}

fn summary_of(
    id: IncidentId,
    row: &entity::incident::Model,
    touched: &[entity::incident_service::Model],
) -> Result<Summary, StoreError> {
    let touched = touched
        .iter()
        .map(|row| Ok((parse(&row.service_id, STEP)?, relation(&row.relation)?)));
    Ok(Summary {
        id,
        priority: parse(&row.priority, STEP)?,
        kind: word(&row.kind, Kind::ALL, Kind::as_str)?,
        stage: word(&row.stage, Stage::ALL, Stage::as_str)?,
        restricted: row.restricted,
        exercise: row.exercise,
        revision: narrow(row.revision, STEP)?,
        services: touched.collect::<Result<_, StoreError>>()?,
        started_at: instant(row.started_at, STEP)?,
        declared_at: instant(row.declared_at, STEP)?,
        changed_at: instant(row.changed_at, STEP)?,
        resolved_at: instant_or_none(row.resolved_at, STEP)?,
        ended_at: instant_or_none(row.ended_at, STEP)?,
        next_due: instant_or_none(row.next_due, STEP)?,
        title: row.title.clone(),
    })
}

fn unread(id: IncidentId, row: entity::incident::Model) -> Unread {
    Unread {
        id,
        title: row.title,
        priority: row.priority,
        stage: row.stage,
        restricted: row.restricted,
        exercise: row.exercise,
        started_at: instant_or_epoch(row.started_at),
        declared_at: instant_or_epoch(row.declared_at),
    }
}

fn relation(text: &str) -> Result<Relation, StoreError> {
    let all = [Relation::Affected, Relation::Upstream, Relation::Downstream];
    word(text, all, Relation::as_str)
}

/// The value that is written so.
fn word<T: Copy, const N: usize>(
    text: &str,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Result<T, StoreError> {
    all.into_iter()
        .find(|value| name(*value) == text)
        .ok_or_else(|| {
            StoreError::unreadable(
                STEP,
                format_args!("\"{text}\" is not a word of this version"),
            )
        })
}
