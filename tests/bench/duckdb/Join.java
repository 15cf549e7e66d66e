import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;

/**
 * The rival of the reconcile bench: DuckDB joins the same columns, in memory, on one thread.
 * Prints how many seconds the join took; filling the tables is not part of it.
 */
public class Join {
    public static void main(String[] arguments) throws Exception {
        long events = Long.parseLong(arguments[0]);
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement()) {
            statement.execute("SET threads = 1");
            fill(statement, events);
            long began = System.nanoTime();
            statement.execute(JOIN);
            double seconds = (System.nanoTime() - began) / 1e9;
            try (ResultSet counted = statement.executeQuery("SELECT count(*), sum(arrived::INT) FROM verdicts")) {
                counted.next();
                if (counted.getLong(1) != events || counted.getLong(2) != events) {
                    throw new IllegalStateException(counted.getLong(1) + " events, " + counted.getLong(2) + " arrived");
                }
            }
            System.out.println(seconds);
        }
    }

    private static void fill(Statement statement, long events) throws Exception {
        String at = "1795179600000000 + i * 1000";
        statement.execute("CREATE TABLE outbox AS SELECT uuid() AS id, 'ProductRenamed' AS kind,"
                + " 'product/' || (i % 50000) AS aggregate, i // 50000 AS version, " + at + " AS seen,"
                + " 0 AS partition, i AS position, 1 AS marks FROM range(" + events + ") t(i)");
        statement.execute("CREATE TABLE copies AS SELECT id, kind, aggregate, version, seen + 40000 AS seen,"
                + " partition, position, 0 AS marks FROM outbox");
        for (int no = 0; no < 3; no++) {
            statement.execute("CREATE TABLE inbox" + no + " AS SELECT id, seen + " + (80000 + no * 40000) + " AS seen,"
                    + " partition, position, 0 AS marks FROM outbox");
        }
    }

    /** One line per event, with where and when it was seen at each place. */
    private static final String JOIN = "CREATE TABLE verdicts AS"
            + " SELECT coalesce(o.id, c.id, i0.id, i1.id, i2.id) AS id,"
            + " coalesce(o.kind, c.kind) AS kind, coalesce(o.aggregate, c.aggregate) AS aggregate,"
            + " coalesce(o.version, c.version) AS version,"
            + " o.seen AS stored, o.position AS row, o.marks AS marks, c.seen AS published,"
            + " c.partition AS partition, c.position AS position,"
            + " i0.seen AS at0, i0.position AS position0, i1.seen AS at1, i1.position AS position1,"
            + " i2.seen AS at2, i2.position AS position2,"
            + " o.id IS NOT NULL AND c.id IS NOT NULL AND i0.id IS NOT NULL AND i1.id IS NOT NULL"
            + " AND i2.id IS NOT NULL AS arrived"
            + " FROM outbox o FULL OUTER JOIN copies c ON c.id = o.id"
            + " FULL OUTER JOIN inbox0 i0 ON i0.id = coalesce(o.id, c.id)"
            + " FULL OUTER JOIN inbox1 i1 ON i1.id = coalesce(o.id, c.id, i0.id)"
            + " FULL OUTER JOIN inbox2 i2 ON i2.id = coalesce(o.id, c.id, i0.id, i1.id)";
}
