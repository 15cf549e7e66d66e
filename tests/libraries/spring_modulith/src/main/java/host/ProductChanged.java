package host;

import java.util.UUID;
import org.springframework.modulith.events.Externalized;

/** What the service tells others. The registry's own id never leaves the database, so events have one of their own. */
@Externalized
record ProductChanged(UUID id, String productId, String name) {}
