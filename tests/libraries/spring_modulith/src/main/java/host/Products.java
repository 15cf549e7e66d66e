package host;

import java.util.UUID;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** The service's business: one row, one event, one transaction. */
@Service
class Products {

  private final JdbcClient database;
  private final ApplicationEventPublisher events;

  Products(JdbcClient database, ApplicationEventPublisher events) {
    this.database = database;
    this.events = events;
  }

  @Transactional
  UUID add(String name) {
    String productId = UUID.randomUUID().toString();
    database.sql("INSERT INTO products (id, name) VALUES (?, ?)").params(productId, name).update();
    UUID event = UUID.randomUUID();
    events.publishEvent(new ProductChanged(event, productId, name));
    return event;
  }
}
