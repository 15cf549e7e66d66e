//! What stands beside an outbox in a real database.

/// Tables of an ordinary business, in words that every database understands.
const BUSINESS: [&str; 7] = [
    "CREATE TABLE customers (id bigint PRIMARY KEY, name varchar(100) NOT NULL, email varchar(200), created_at timestamp NULL)",
    "CREATE TABLE products (id bigint PRIMARY KEY, sku varchar(40) NOT NULL, title varchar(200) NOT NULL, price int NOT NULL, version int NOT NULL)",
    "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status varchar(20) NOT NULL, total int NOT NULL, created_at timestamp NULL, updated_at timestamp NULL)",
    "CREATE TABLE order_items (id bigint PRIMARY KEY, order_id bigint NOT NULL, product_id bigint NOT NULL, quantity int NOT NULL)",
    "CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint NOT NULL, amount int NOT NULL, status varchar(20) NOT NULL, processed_at timestamp NULL)",
    "CREATE TABLE shipments (id bigint PRIMARY KEY, order_id bigint NOT NULL, carrier varchar(40), shipped_at timestamp NULL)",
    "CREATE TABLE users (id bigint PRIMARY KEY, login varchar(80) NOT NULL, role varchar(20) NOT NULL)",
];

/// Tables with the columns of an outbox that are none, and sort before most.
const ALIKE: [&str; 2] = [
    "CREATE TABLE audit_logs (id bigint PRIMARY KEY, resource_type varchar(50) NOT NULL, resource_id varchar(64) NOT NULL, event_type varchar(100) NOT NULL, data varchar(2000), status varchar(20) NOT NULL, created_at timestamp NULL)",
    "CREATE TABLE notifications (id bigint PRIMARY KEY, entity_type varchar(50) NOT NULL, entity_id varchar(64) NOT NULL, type varchar(100) NOT NULL, data varchar(2000), status varchar(20) NOT NULL, created_at timestamp NULL, sent_at timestamp NULL)",
];

/// Statements that make them, with rows.
pub(crate) fn statements(alike: bool) -> Vec<String> {
    let mut statements: Vec<String> = BUSINESS.map(str::to_owned).into();
    for n in 1..=12 {
        statements.push(format!(
            "INSERT INTO customers VALUES ({n}, 'Customer {n}', NULL, CURRENT_TIMESTAMP)"
        ));
        statements.push(format!(
            "INSERT INTO orders VALUES ({n}, {n}, 'placed', 100, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
        ));
    }
    if alike {
        statements.extend(ALIKE.map(str::to_owned));
        for n in 1..=20 {
            statements.push(format!(
                "INSERT INTO audit_logs VALUES ({n}, 'Order', 'order-{n}', 'order.changed', '{{}}', 'success', CURRENT_TIMESTAMP)"
            ));
            statements.push(format!(
                "INSERT INTO notifications VALUES ({n}, 'Order', 'order-{n}', 'order.placed', '{{}}', 'sent', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
            ));
        }
    }
    statements
}
