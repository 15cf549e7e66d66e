package host;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.modulith.events.EventExternalizationConfiguration;
import org.springframework.modulith.events.FailedEventPublications;
import org.springframework.modulith.events.ResubmissionOptions;
import org.springframework.modulith.events.RoutingTarget;
import org.springframework.scheduling.annotation.EnableAsync;

/**
 * A service with Spring Modulith's event publication registry.
 *
 * <pre>
 * setup
 * write COUNT [LARGE…] [--refuse BYTES] [--die-after COUNT]   (the numbers of events with a long name)
 * relay
 * </pre>
 *
 * <p>There is no poller in this library: what was written is published by the process that wrote
 * it, and what failed only when the application asks for it, which {@code relay} does.
 */
@EnableAsync
@SpringBootApplication
public class Host {

  private static final Duration AT_MOST = Duration.ofSeconds(40);

  public static void main(String[] args) throws Exception {
    List<String> words = new ArrayList<>(List.of(args));
    property(words, "--refuse", "spring.kafka.producer.properties.max.request.size");
    property(words, "--die-after", PowerCut.AFTER);
    try (ConfigurableApplicationContext context = SpringApplication.run(Host.class)) {
      JdbcClient database = context.getBean(JdbcClient.class);
      switch (words.get(0)) {
        case "setup" ->
            database.sql("CREATE TABLE products (id TEXT PRIMARY KEY, name TEXT NOT NULL)").update();
        case "write" -> {
          write(context.getBean(Products.class), words);
          PowerCut.WRITTEN.countDown();
          awaitIdle(database);
        }
        case "relay" -> {
          PowerCut.WRITTEN.countDown();
          context.getBean(FailedEventPublications.class).resubmit(ResubmissionOptions.defaults());
          awaitIdle(database);
        }
        default -> throw new IllegalArgumentException(words.get(0));
      }
    }
  }

  /** Makes an option of the command line a setting. */
  private static void property(List<String> words, String option, String name) {
    int at = words.indexOf(option);
    if (at >= 0) {
      System.setProperty(name, words.remove(at + 1));
      words.remove(at);
    }
  }

  private static void write(Products products, List<String> words) {
    List<String> large = words.subList(2, words.size());
    for (int number = 0; number < Integer.parseInt(words.get(1)); number++) {
      String more = large.contains(Integer.toString(number)) ? " long".repeat(1000) : "";
      System.out.println(products.add("product " + number + more));
    }
    System.out.flush();
  }

  /** Until each publication has succeeded or failed. */
  private static void awaitIdle(JdbcClient database) throws InterruptedException {
    long deadline = System.nanoTime() + AT_MOST.toNanos();
    String open = "SELECT count(*) FROM event_publication WHERE status NOT IN ('COMPLETED', 'FAILED')";
    while (database.sql(open).query(Long.class).single() > 0) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("publications stay open");
      }
      Thread.sleep(20);
    }
  }

  /** To one topic, by product. */
  @Bean
  EventExternalizationConfiguration externalization(@Value("${host.topic}") String topic) {
    return EventExternalizationConfiguration.externalizing()
        .select(EventExternalizationConfiguration.annotatedAsExternalized())
        .route(ProductChanged.class, event -> RoutingTarget.forTarget(topic).andKey(event.productId()))
        .build();
  }
}
