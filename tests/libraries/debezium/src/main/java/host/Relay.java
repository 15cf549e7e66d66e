package host;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.connect.cli.ConnectStandalone;

/** Kafka Connect in this process, with the connector and the router. */
final class Relay {
  private static final Duration AT_MOST = Duration.ofSeconds(60);
  private static final String SLOT = "waybill_" + login().get("name");

  private Relay() {}

  /** Runs until the topics hold so many messages, and more that is written meanwhile. */
  static void run(int written, int more) throws Exception {
    var folder = Files.createDirectories(folder());
    var connector = Files.writeString(folder.resolve("connector.properties"), text(connector()));
    endAfter(AT_MOST.multipliedBy(2));
    // What its main does, but for waiting for the end: it cannot be stopped in order while it starts.
    var standalone = new ConnectStandalone();
    var connect = standalone.startConnect(worker());
    standalone.processExtraArgs(connect, new String[] {connector.toString()});
    var deadline = Instant.now().plus(AT_MOST);
    while (!isRead()) {
      if (Instant.now().isAfter(deadline)) {
        throw new IllegalStateException("the connector does not read its slot");
      }
      Thread.sleep(200);
    }
    Host.write(more, false);
    try (var topics = new Topics()) {
      topics.await(written + more, deadline);
    }
    // In order: it writes down how far it has come.
    connect.stop();
    connect.awaitStop();
    System.exit(0);
  }

  /** Whatever hangs, nobody waits for it longer. */
  private static void endAfter(Duration limit) {
    var end =
        new Thread(
            () -> {
              try {
                Thread.sleep(limit.toMillis());
              } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
              }
              Runtime.getRuntime().halt(1);
            });
    end.setDaemon(true);
    end.start();
  }

  /** Drops the slot, so that the database can go, and removes what it had written down. */
  static void forget() throws SQLException, IOException {
    try (var database = Host.database(); var statement = database.createStatement()) {
      statement.execute(
          "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
              + " WHERE slot_name = '" + SLOT + "'");
    }
    if (!Files.exists(folder())) {
      return;
    }
    try (var files = Files.walk(folder())) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static boolean isRead() throws SQLException {
    try (var database = Host.database();
        var statement = database.createStatement();
        var found =
            statement.executeQuery(
                "SELECT 1 FROM pg_replication_slots WHERE active AND slot_name = '" + SLOT + "'")) {
      return found.next();
    }
  }

  private static Path folder() {
    return Path.of("state", SLOT);
  }

  private static Map<String, String> worker() {
    var worker = new TreeMap<String, String>();
    worker.put("bootstrap.servers", System.getenv("HOST_BROKER"));
    worker.put("listeners", "http://127.0.0.1:0");
    worker.put("offset.storage.file.filename", folder().resolve("offsets").toString());
    worker.put("offset.flush.interval.ms", "200");
    worker.put("plugin.discovery", "service_load");
    // Strings as they are, as the router's documentation has it.
    worker.put("key.converter", "org.apache.kafka.connect.storage.StringConverter");
    worker.put("value.converter", "org.apache.kafka.connect.storage.StringConverter");
    return worker;
  }

  private static Map<String, String> connector() {
    var login = login();
    var connector = new TreeMap<String, String>();
    connector.put("name", SLOT);
    connector.put("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    connector.put("plugin.name", "pgoutput");
    connector.put("slot.name", SLOT);
    connector.put("publication.autocreate.mode", "filtered");
    connector.put("topic.prefix", SLOT);
    connector.put("database.hostname", login.get("host"));
    connector.put("database.port", login.get("port"));
    connector.put("database.dbname", login.get("name"));
    connector.put("database.user", login.get("user"));
    connector.put("database.password", login.get("password"));
    connector.put("table.include.list", "public.outboxevent");
    connector.put("snapshot.mode", "no_data");
    connector.put("tombstones.on.delete", "false");
    connector.put("transforms", "outbox");
    connector.put("transforms.outbox.type", "io.debezium.transforms.outbox.EventRouter");
    connector.put("topic.creation.default.replication.factor", "1");
    connector.put("topic.creation.default.partitions", "2");
    return connector;
  }

  private static Map<String, String> login() {
    var address = URI.create(System.getenv("HOST_DATABASE").substring("jdbc:".length()));
    var login =
        Arrays.stream(address.getQuery().split("&"))
            .map(part -> part.split("=", 2))
            .collect(Collectors.toMap(part -> part[0], part -> part[1]));
    login.put("host", address.getHost());
    login.put("port", Integer.toString(address.getPort()));
    login.put("name", address.getPath().substring(1));
    return login;
  }

  private static String text(Map<String, String> settings) {
    return settings.entrySet().stream()
        .map(setting -> setting.getKey() + "=" + setting.getValue())
        .collect(Collectors.joining("\n"));
  }
}
