package host;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.UUID;

/**
 * A service with the table that Debezium's outbox event router documents, and Kafka Connect with the
 * router as it comes: no setting of the router's is changed. What was written before the connector
 * came is not published (snapshot.mode=no_data).
 *
 * <pre>
 * host setup
 * host write COUNT [kept]     (inserted and deleted in one transaction; kept ones stay)
 * host relay TOTAL [MORE]     (until the topics hold so many messages, and more that it writes then)
 * host consume TOTAL          (prints what an ordinary consumer gets)
 * host forget                 (drops the replication slot)
 * </pre>
 */
public final class Host {
  static final String[] KINDS = System.getenv("HOST_DESTINATION").split(",");

  private Host() {}

  public static void main(String[] words) throws Exception {
    try {
      run(words);
    } catch (Exception failed) {
      failed.printStackTrace();
      // Threads and hooks of others may be left.
      Runtime.getRuntime().halt(1);
    }
  }

  private static void run(String[] words) throws Exception {
    switch (words[0]) {
      case "setup" -> setup();
      case "write" -> write(Integer.parseInt(words[1]), words.length > 2);
      case "relay" -> Relay.run(Integer.parseInt(words[1]), words.length > 2 ? Integer.parseInt(words[2]) : 0);
      case "consume" -> {
        try (var topics = new Topics()) {
          topics.print(Integer.parseInt(words[1]));
        }
      }
      case "forget" -> Relay.forget();
      default -> throw new IllegalArgumentException("what is " + words[0] + "?");
    }
  }

  static Connection database() throws SQLException {
    return DriverManager.getConnection(System.getenv("HOST_DATABASE"));
  }

  private static void setup() throws SQLException {
    try (var database = database(); var statement = database.createStatement()) {
      statement.execute("CREATE TABLE products (id uuid PRIMARY KEY, name text NOT NULL)");
      statement.execute(
          "CREATE TABLE outboxevent (id uuid NOT NULL PRIMARY KEY, aggregatetype varchar(255) NOT NULL,"
              + " aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL, payload jsonb)");
    }
  }

  /** Prints each row as it was written. */
  static void write(int count, boolean kept) throws SQLException {
    try (var database = database()) {
      database.setAutoCommit(false);
      for (int nth = 0; nth < count; nth++) {
        var event = UUID.randomUUID();
        var product = UUID.randomUUID();
        var kind = KINDS[nth % KINDS.length];
        var body = "{\"productId\": \"%s\", \"name\": \"product %d\"}".formatted(product, nth);
        insert(database, "INSERT INTO products VALUES (?::uuid, ?)", product, "product " + nth);
        insert(
            database,
            "INSERT INTO outboxevent VALUES (?::uuid, ?, ?, ?, ?::jsonb)",
            event, kind, product, "ProductChanged", body);
        if (!kept) {
          insert(database, "DELETE FROM outboxevent WHERE id = ?::uuid", event);
        }
        database.commit();
        System.out.printf(
            "{\"id\":\"%s\",\"aggregatetype\":\"%s\",\"aggregateid\":\"%s\",\"payload\":%s}%n",
            event, kind, product, body);
      }
    }
  }

  private static void insert(Connection database, String sql, Object... values)
      throws SQLException {
    try (var statement = database.prepareStatement(sql)) {
      for (int nth = 0; nth < values.length; nth++) {
        statement.setString(nth + 1, values[nth].toString());
      }
      statement.executeUpdate();
    }
  }
}
