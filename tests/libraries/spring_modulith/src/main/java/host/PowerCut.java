package host;

import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Ends the process as a power cut would, in front of the record after the last one that may leave. */
public class PowerCut implements ProducerInterceptor<Object, Object> {

  /** Nothing leaves before all is written, so that what is cut off does not depend on who is faster. */
  static final CountDownLatch WRITTEN = new CountDownLatch(1);

  /** How many records may leave. */
  static final String AFTER = "host.die-after";

  private static final int LEAVING = Integer.getInteger(AFTER, Integer.MAX_VALUE);
  private static final CountDownLatch LEFT = new CountDownLatch(LEAVING);
  private int records;

  @Override
  public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> record) {
    try {
      WRITTEN.await();
      if (records++ == LEAVING) {
        LEFT.await();
        Runtime.getRuntime().halt(137);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    return record;
  }

  @Override
  public void onAcknowledgement(RecordMetadata metadata, Exception failure) {
    LEFT.countDown();
  }

  @Override
  public void configure(Map<String, ?> settings) {}

  @Override
  public void close() {}
}
