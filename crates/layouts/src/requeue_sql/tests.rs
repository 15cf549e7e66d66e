//! The statements as they would be shown.

use expect_test::{Expect, expect};

use super::*;
use crate::{FoundColumn, layouts};

fn check(id: &str, dbms: Dbms, expected: Expect) {
    let shape = layouts()
        .iter()
        .find_map(|layout| layout.table(id))
        .expect("it is known");
    let version = shape
        .known_versions()
        .into_iter()
        .find(|version| version.is_on(dbms))
        .expect("it exists there");
    let columns = shape.columns_of(&version, dbms).into_iter();
    let found = FoundTable {
        schema: "shop".to_owned(),
        name: "outbox".to_owned(),
        columns: columns
            .map(|(name, column)| FoundColumn {
                name,
                sql_type: String::new(),
                nullable: column.null,
                primary_key: column.key,
            })
            .collect(),
        ..FoundTable::default()
    };
    let texts: Vec<String> = shape
        .requeues
        .iter()
        .filter_map(|requeue| shape.guarded_update(requeue, &found, dbms))
        .map(|guarded| format!("{}\n{}", guarded.text, guarded.bound.join(" ")))
        .collect();
    expected.assert_eq(&texts.join("\n"));
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
            UPDATE `shop`.`outbox` SET `ready_to_retry_after` = CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) WHERE `id` = :id AND `ready_to_retry_after` <=> :ready_to_retry_after
            id ready_to_retry_after"#]],
    );
    check(
        "oban",
        Dbms::Postgres,
        expect![[r#"
            UPDATE "shop"."outbox" SET "cancelled_at" = NULL, "completed_at" = NULL, "discarded_at" = NULL, "max_attempts" = GREATEST("max_attempts", "attempt" + 1), "scheduled_at" = (now() AT TIME ZONE 'utc'), "state" = 'available' WHERE "id" = :id AND "state" IN ('discarded', 'cancelled', 'completed', 'scheduled', 'retryable') AND "state" IS NOT DISTINCT FROM :state AND "attempt" IS NOT DISTINCT FROM :attempt
            id state attempt"#]],
    );
    check(
        "oban",
        Dbms::Sqlite,
        expect![[r#"
        UPDATE "shop"."outbox" SET "cancelled_at" = NULL, "completed_at" = NULL, "discarded_at" = NULL, "max_attempts" = MAX("max_attempts", "attempt" + 1), "scheduled_at" = strftime('%Y-%m-%d %H:%M:%f', 'now', '+0 seconds'), "state" = 'available' WHERE "id" = :id AND "state" IN ('discarded', 'cancelled', 'completed', 'scheduled', 'retryable') AND "state" IS :state AND "attempt" IS :attempt
        id state attempt"#]],
    );
    check(
        "django-outbox-pattern-published",
        Dbms::Postgres,
        expect![[r#"
            UPDATE "shop"."outbox" SET "expires_at" = now() + interval '86400 seconds', "retry" = 0, "status" = 1 WHERE "id" = :id AND "status" IS NOT DISTINCT FROM :status AND "retry" IS NOT DISTINCT FROM :retry
            id status retry"#]],
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
            UPDATE "shop"."outbox" SET "attempts" = 0, "blocked" = false, "nextAttemptTime" = (now() AT TIME ZONE 'utc') WHERE "id" = :id AND "processed" IN (false) AND "blocked" IN (true) AND "attempts" IS NOT DISTINCT FROM :attempts AND "version" IS NOT DISTINCT FROM :version
            id attempts version"#]],
    );
    check(
        "gruelbox-txno",
        Dbms::MySql,
        expect![[r#"
            UPDATE `shop`.`outbox` SET `attempts` = 0, `blocked` = 'false', `nextAttemptTime` = UTC_TIMESTAMP(6) WHERE `id` = :id AND `processed` IN (false) AND `blocked` IN ('true', '1') AND `attempts` <=> :attempts AND `version` <=> :version
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
fn other_ways_have_no_statement() {
    check("axon4-domain-event", Dbms::Postgres, expect![[""]]);
    check("watermill-pg", Dbms::Postgres, expect![[""]]);
}
