//! The statements as they would be shown.

use expect_test::{Expect, expect};

use super::*;
use crate::{FoundColumn, layout, layouts};

fn check(id: &str, dbms: Dbms, expected: Expect) {
    let shape = layouts()
        .iter()
        .find_map(|layout| layout.table(id))
        .expect("it is known");
    let found = found(shape, "outbox", dbms);
    let statements = shape.requeues_of(&found).flat_map(|requeue| {
        let update = shape.guarded_update(requeue, &found, dbms);
        update.or_else(|| shape.guarded_copy(requeue, &found, dbms))
    });
    let texts: Vec<String> = statements
        .map(|guarded| format!("{}\n{}", guarded.text, guarded.bound.join(" ")))
        .collect();
    expected.assert_eq(&texts.join("\n"));
}

/// The table's first version on a database.
fn found(shape: &TableLayout, name: &str, dbms: Dbms) -> FoundTable {
    let versions = shape.known_versions();
    let mut versions = versions
        .iter()
        .map(|version| shape.columns_of(version, dbms));
    let columns = versions
        .find(|columns| !columns.is_empty())
        .expect("it exists there");
    FoundTable {
        schema: "shop".to_owned(),
        name: name.to_owned(),
        columns: columns
            .into_iter()
            .map(|(name, column)| FoundColumn {
                name,
                sql_type: String::new(),
                nullable: column.null,
                primary_key: column.key,
            })
            .collect(),
        ..FoundTable::default()
    }
}

#[test]
fn one_row_is_changed_and_only_as_it_was_seen() {
    check(
        "cap-published",
        Dbms::Postgres,
        expect![[r#"
        UPDATE "shop"."outbox" SET "ExpiresAt" = NULL, "Retries" = 0, "StatusName" = 'Failed' WHERE "Id" = :Id AND "StatusName" IN ('Succeeded', 'Failed') AND "StatusName" IS NOT DISTINCT FROM :StatusName AND "Retries" IS NOT DISTINCT FROM :Retries
        Id StatusName Retries"#]],
    );
    check(
        "cap-published",
        Dbms::MySql,
        expect![[r#"
        UPDATE `shop`.`outbox` SET `ExpiresAt` = NULL, `Retries` = 0, `StatusName` = 'Failed' WHERE `Id` = :Id AND `StatusName` IN ('Succeeded', 'Failed') AND `StatusName` <=> :StatusName AND `Retries` <=> :Retries
        Id StatusName Retries"#]],
    );
    check(
        "brighter-outbox",
        Dbms::Sqlite,
        expect![[r#"
        UPDATE "shop"."outbox" SET "Dispatched" = NULL WHERE "MessageId" = :MessageId AND "Dispatched" IS NOT NULL AND "Dispatched" IS :Dispatched
        MessageId Dispatched"#]],
    );
}

#[test]
fn values_are_made_by_the_server_in_the_columns_unit() {
    check(
        "nestjs-inbox-outbox",
        Dbms::MySql,
        expect![[r#"
            UPDATE `shop`.`outbox` SET `ready_to_retry_after` = CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) WHERE `id` = :id AND `ready_to_retry_after` > CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AND `ready_to_retry_after` <=> :ready_to_retry_after
            id ready_to_retry_after
            UPDATE `shop`.`outbox` SET `ready_to_retry_after` = CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) WHERE `id` = :id AND `ready_to_retry_after` IS NULL AND `ready_to_retry_after` <=> :ready_to_retry_after
            id ready_to_retry_after"#]],
    );
    check(
        "oban",
        Dbms::Postgres,
        expect![[r#"
            UPDATE "shop"."outbox" SET "cancelled_at" = NULL, "completed_at" = NULL, "discarded_at" = NULL, "max_attempts" = GREATEST("max_attempts", "attempt" + 1), "scheduled_at" = (now() AT TIME ZONE 'utc') - interval '1 day', "state" = 'available' WHERE "id" = :id AND "state" IN ('discarded', 'cancelled', 'completed', 'scheduled', 'retryable') AND "state" IS NOT DISTINCT FROM :state AND "attempt" IS NOT DISTINCT FROM :attempt
            id state attempt"#]],
    );
    check(
        "oban",
        Dbms::Sqlite,
        expect![[r#"
        UPDATE "shop"."outbox" SET "cancelled_at" = NULL, "completed_at" = NULL, "discarded_at" = NULL, "max_attempts" = MAX("max_attempts", "attempt" + 1), "scheduled_at" = strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 day'), "state" = 'available' WHERE "id" = :id AND "state" IN ('discarded', 'cancelled', 'completed', 'scheduled', 'retryable') AND "state" IS :state AND "attempt" IS :attempt
        id state attempt"#]],
    );
    check(
        "django-outbox-pattern-published",
        Dbms::Postgres,
        expect![[r#"
            UPDATE "shop"."outbox" SET "expires_at" = now() + interval '86400 seconds', "retry" = 0, "status" = 1 WHERE "id" = :id AND "status" IN (-1, 2) AND "status" IS NOT DISTINCT FROM :status AND "retry" IS NOT DISTINCT FROM :retry
            id status retry
            UPDATE "shop"."outbox" SET "expires_at" = now() + interval '86400 seconds', "retry" = 0 WHERE "id" = :id AND "status" IN (1) AND "expires_at" <= now() AND "retry" IS NOT DISTINCT FROM :retry AND "expires_at" IS NOT DISTINCT FROM :expires_at
            id retry expires_at"#]],
    );
    check(
        "outboxer",
        Dbms::MySql,
        expect![[r#"
            UPDATE `shop`.`outbox` SET `failed_at` = NULL, `lock_version` = `lock_version` + 1, `published_at` = NULL, `publishing_at` = NULL, `queued_at` = UTC_TIMESTAMP(6), `status` = 'queued', `updated_at` = UTC_TIMESTAMP(6) WHERE `id` = :id AND `status` IN ('failed') AND `status` <=> :status AND `lock_version` <=> :lock_version
            id status lock_version"#]],
    );
}

#[test]
fn flags_are_what_the_library_keeps_them_as() {
    check(
        "gruelbox-txno",
        Dbms::Postgres,
        expect![[r#"
            UPDATE "shop"."outbox" SET "attempts" = 0, "blocked" = false, "nextAttemptTime" = (now() AT TIME ZONE 'utc') - interval '1 day' WHERE "id" = :id AND "processed" IN (false) AND "blocked" IN (true) AND "attempts" IS NOT DISTINCT FROM :attempts AND "version" IS NOT DISTINCT FROM :version
            id attempts version"#]],
    );
    check(
        "gruelbox-txno",
        Dbms::MySql,
        expect![[r#"
            UPDATE `shop`.`outbox` SET `attempts` = 0, `blocked` = 'false', `nextAttemptTime` = UTC_TIMESTAMP(6) - INTERVAL 1 DAY WHERE `id` = :id AND `processed` IN (false) AND `blocked` IN ('true', '1') AND `attempts` <=> :attempts AND `version` <=> :version
            id attempts version"#]],
    );
    check(
        "watermill-queue",
        Dbms::Postgres,
        expect![[r#"
        UPDATE "shop"."outbox" SET "acked" = false WHERE "offset" = :offset AND "acked" IN (true) AND "acked" IS NOT DISTINCT FROM :acked
        offset acked"#]],
    );
}

#[test]
fn a_copy_is_made_once() {
    check(
        "debezium-outbox",
        Dbms::Postgres,
        expect![[r#"
        INSERT INTO "shop"."outbox" ("id", "aggregatetype", "aggregateid", "type", "payload") SELECT :new_id, "aggregatetype", "aggregateid", "type", "payload" FROM "shop"."outbox" AS was WHERE "id" = :id AND NOT EXISTS (SELECT 1 FROM "shop"."outbox" AS copy WHERE copy."id" = :new_id)
        id new_id"#]],
    );
    check(
        "eventuate-tram-message",
        Dbms::MySql,
        expect![[r#"
        UPDATE `shop`.`outbox` SET `published` = 0 WHERE `id` = :id AND `published` IN (1) AND `published` <=> :published
        id published
        INSERT INTO `shop`.`outbox` (`id`, `destination`, `headers`, `payload`, `published`, `message_partition`, `creation_time`) SELECT :new_id, `destination`, JSON_SET(`headers`, '$.ID', :new_id), `payload`, 0, `message_partition`, `creation_time` FROM `shop`.`outbox` AS was WHERE `id` = :id AND `published` <=> :published AND NOT EXISTS (SELECT 1 FROM `shop`.`outbox` AS copy WHERE copy.`id` = :new_id)
        id published new_id"#]],
    );
    check(
        "watermill-pg",
        Dbms::Postgres,
        expect![[r#"
        INSERT INTO "shop"."outbox" ("uuid", "created_at", "payload", "metadata", "transaction_id") SELECT "uuid", (now() AT TIME ZONE 'utc'), "payload", "metadata", pg_current_xact_id() FROM "shop"."outbox" AS was WHERE "offset" = :offset AND "transaction_id" = :transaction_id AND NOT EXISTS (SELECT 1 FROM "shop"."outbox" AS copy WHERE copy."uuid" = was."uuid" AND copy."offset" > was."offset")
        offset transaction_id"#]],
    );
}

#[test]
fn a_dead_letter_is_written_back_and_taken_away_while_it_is_as_it_was_seen() {
    let layout = layout("django-celery-outbox").expect("it is known");
    let table = |id: &str| layout.table(id).expect("it has two");
    let (dead, alive) = (
        table("django-celery-outbox-dlq"),
        table("django-celery-outbox"),
    );
    let dbms = Dbms::MySql;
    let [from, into] =
        [(dead, "dead"), (alive, "celery_outbox")].map(|(shape, name)| found(shape, name, dbms));
    let moved = dead.guarded_move(&dead.requeues[0], &from, (alive, &into), dbms);
    let moved = moved.expect("all columns are there");
    expect![[r#"
        INSERT INTO `shop`.`celery_outbox` (`created_at`, `retries`, `task_id`, `task_name`, `args`, `kwargs`, `options`, `sentry_trace_id`, `sentry_baggage`, `structlog_context`) SELECT UTC_TIMESTAMP(6), 0, `task_id`, `task_name`, `args`, `kwargs`, `options`, `sentry_trace_id`, `sentry_baggage`, `structlog_context` FROM `shop`.`dead` WHERE `id` = :id AND `dead_at` <=> :dead_at AND `retries` <=> :retries
        DELETE FROM `shop`.`dead` WHERE `id` = :id AND `dead_at` <=> :dead_at AND `retries` <=> :retries
        id dead_at retries"#]].assert_eq(&format!(
        "{}\n{}\n{}",
        moved.insert.text,
        moved.delete.text,
        moved.delete.bound.join(" ")
    ));
    let elsewhere = dead.guarded_move(&dead.requeues[0], &from, (dead, &from), dbms);
    assert_eq!(elsewhere, None, "it goes to another table");
}

/// A guard that cannot be written must not be left out.
#[test]
fn a_table_without_a_column_of_the_statement_has_none() {
    let layout = layout("cap").expect("it is known");
    let shape = layout.table("cap-published").expect("it has it");
    for lacking in ["StatusName", "Retries", "ExpiresAt"] {
        let mut found = found(shape, "published", Dbms::Postgres);
        found.columns.retain(|column| column.name != lacking);
        let update = shape.guarded_update(&shape.requeues[0], &found, Dbms::Postgres);
        assert_eq!(update, None, "without {lacking}");
    }
}

#[test]
fn other_ways_have_no_statement() {
    check("axon4-domain-event", Dbms::Postgres, expect![[""]]);
    check("masstransit-outbox-message", Dbms::Postgres, expect![[""]]);
}
