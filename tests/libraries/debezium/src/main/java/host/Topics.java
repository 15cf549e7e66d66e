package host;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The topics that the router sends to by its documentation, as an ordinary consumer reads them. */
final class Topics implements AutoCloseable {
  private static final Duration AT_MOST = Duration.ofSeconds(20);

  /** What comes in spite of it comes at once. */
  private static final Duration AT_ONCE = Duration.ofSeconds(1);

  private final KafkaConsumer<String, String> consumer =
      new KafkaConsumer<>(
          Map.of("bootstrap.servers", System.getenv("HOST_BROKER")),
          new StringDeserializer(),
          new StringDeserializer());

  @Override
  public void close() {
    consumer.close();
  }

  /** Waits until they hold so many messages. */
  void await(int total, Instant deadline) throws InterruptedException {
    for (long seen = total(); seen < total; seen = total()) {
      if (Instant.now().isAfter(deadline)) {
        throw new IllegalStateException("only " + seen + " messages came");
      }
      Thread.sleep(200);
    }
  }

  private long total() {
    return consumer.endOffsets(partitions()).values().stream().mapToLong(Long::longValue).sum();
  }

  /** Prints the messages of all topics, at least so many. */
  void print(int total) {
    var partitions = partitions();
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    var deadline = Instant.now().plus(AT_MOST);
    var last = Instant.now();
    for (int seen = 0; seen < total || last.plus(AT_ONCE).isAfter(Instant.now()); ) {
      if (Instant.now().isAfter(deadline)) {
        throw new IllegalStateException("only " + seen + " messages came");
      }
      for (var message : consumer.poll(Duration.ofMillis(200))) {
        System.out.println(line(message));
        seen++;
        last = Instant.now();
      }
    }
  }

  private static String line(ConsumerRecord<String, String> message) {
    var headers = new ArrayList<String>();
    for (var header : message.headers()) {
      headers.add(
          quoted(header.key()) + ":" + quoted(new String(header.value(), StandardCharsets.UTF_8)));
    }
    return "{\"topic\":%s,\"key\":%s,\"headers\":{%s},\"value\":%s}"
        .formatted(
            quoted(message.topic()),
            quoted(message.key()),
            String.join(",", headers),
            quoted(message.value()));
  }

  private static String quoted(String text) {
    return text == null
        ? "null"
        : "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  /** None of topics that nobody has made yet. */
  private List<TopicPartition> partitions() {
    var topics = consumer.listTopics();
    return Arrays.stream(Host.KINDS)
        .map(kind -> "outbox.event." + kind)
        .filter(topics::containsKey)
        .flatMap(topic -> topics.get(topic).stream())
        .map(info -> new TopicPartition(info.topic(), info.partition()))
        .toList();
  }
}
