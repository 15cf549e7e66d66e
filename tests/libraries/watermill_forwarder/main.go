// A service with Watermill's forwarder: messages for several topics are wrapped and written, in the
// transaction of the business row, to one table of the SQL publisher. The forwarder unwraps them and
// publishes them to Kafka. All names of tables and topics are the library's defaults.
//
//	host setup
//	host write COUNT [LARGE…]       (the numbers of events with a long name)
//	host undone                     (published, but its transaction is rolled back)
//	host relay [-refuse BYTES] [-die-after COUNT]
//	host consume COUNT              (prints the messages that an ordinary consumer gets)
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	wsql "github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/components/forwarder"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	_ "github.com/jackc/pgx/v5/stdlib"
)

const (
	// outbox is the forwarder's default topic, poison where the router puts what it gives up.
	outbox = "forwarder_topic"
	poison = "poison_queue"
	atMost = 40 * time.Second
)

// topics are where events go in turn.
var topics = strings.Split(os.Getenv("HOST_DESTINATION"), ",")

var logger = watermill.NewStdLoggerWithOut(os.Stderr, false, false)

var byProduct = kafka.NewWithPartitioningMarshaler(func(_ string, event *message.Message) (string, error) {
	return event.Metadata.Get("product"), nil
})

func main() {
	db, err := sql.Open("pgx", os.Getenv("HOST_DATABASE"))
	check(err)
	defer db.Close()
	switch os.Args[1] {
	case "setup":
		setup(db)
	case "write":
		count := number(os.Args[2])
		for nth := range count {
			fmt.Println(add(db, nth, slices.Contains(os.Args[3:], strconv.Itoa(nth))))
		}
	case "undone":
		fmt.Println(undone(db))
	case "relay":
		relay(db, os.Args[2:])
	case "consume":
		consume(number(os.Args[2]))
	default:
		log.Fatalf("what is %s?", os.Args[1])
	}
}

// setup lets the library make its tables.
func setup(db *sql.DB) {
	_, err := db.Exec("CREATE TABLE products (id VARCHAR(36) PRIMARY KEY, name TEXT NOT NULL)")
	check(err)
	subscriber := subscriber(db)
	check(subscriber.SubscribeInitialize(outbox))
	check(subscriber.SubscribeInitialize(poison))
	check(subscriber.Close())
}

// add is the service's business: one row, one message, one transaction.
func add(db *sql.DB, nth int, large bool) string {
	tx, err := db.Begin()
	check(err)
	event := insert(tx, nth, large)
	publisher := forwarder.NewPublisher(stored(wsql.TxFromStdSQL(tx)), forwarder.PublisherConfig{})
	check(publisher.Publish(topics[nth%len(topics)], event))
	check(tx.Commit())
	return event.UUID
}

// undone publishes past the outbox what is then rolled back.
func undone(db *sql.DB) string {
	tx, err := db.Begin()
	check(err)
	event := insert(tx, 0, false)
	broker := broker(1 << 20)
	check(broker.Publish(topics[0], event))
	check(broker.Close())
	check(tx.Rollback())
	return event.UUID
}

func insert(tx *sql.Tx, nth int, large bool) *message.Message {
	product, name := watermill.NewUUID(), fmt.Sprintf("product %d", nth)
	if large {
		name += strings.Repeat(" long", 1000)
	}
	_, err := tx.Exec("INSERT INTO products (id, name) VALUES ($1, $2)", product, name)
	check(err)
	body, err := json.Marshal(map[string]string{"productId": product, "name": name})
	check(err)
	event := message.NewMessage(watermill.NewUUID(), body)
	event.Metadata.Set("type", "ProductChanged")
	event.Metadata.Set("product", product)
	return event
}

// relay forwards until every message is acknowledged.
func relay(db *sql.DB, args []string) {
	flags := flag.NewFlagSet("relay", flag.ExitOnError)
	refuse := flags.Int("refuse", 1<<20, "bytes from which on a message is refused")
	dieAfter := flags.Int("die-after", -1, "messages after which the power is cut")
	check(flags.Parse(args))

	poisoned, err := middleware.PoisonQueue(stored(wsql.BeginnerFromStdSQL(db)), poison)
	check(err)
	retry := middleware.Retry{MaxRetries: 2, InitialInterval: 10 * time.Millisecond, Logger: logger}
	broker := &mortal{Publisher: broker(*refuse), left: *dieAfter}
	forwarding, err := forwarder.NewForwarder(subscriber(db), broker, logger, forwarder.Config{
		Middlewares: []message.HandlerMiddleware{poisoned, retry.Middleware},
	})
	check(err)
	go func() { check(forwarding.Run(context.Background())) }()
	awaitIdle(db)
	check(forwarding.Close())
	check(broker.Close())
}

// mortal is a publisher whose power is cut.
type mortal struct {
	message.Publisher
	left int
}

func (m *mortal) Publish(topic string, events ...*message.Message) error {
	if m.left == 0 {
		os.Exit(137)
	}
	m.left--
	return m.Publisher.Publish(topic, events...)
}

// consume prints the messages of all topics, at least so many, as the library hands them to a handler.
func consume(count int) {
	config := kafka.DefaultSaramaSubscriberConfig()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	consumer, err := kafka.NewSubscriber(kafka.SubscriberConfig{
		Brokers:               []string{os.Getenv("HOST_BROKER")},
		Unmarshaler:           byProduct,
		OverwriteSaramaConfig: config,
	}, logger)
	check(err)
	ctx, cancel := context.WithTimeout(context.Background(), atMost)
	defer cancel()
	type received struct {
		Topic    string            `json:"topic"`
		UUID     string            `json:"uuid"`
		Key      string            `json:"key"`
		Metadata map[string]string `json:"metadata"`
		Payload  []byte            `json:"payload"`
	}
	arrived := make(chan received)
	for _, topic := range topics {
		events, err := consumer.Subscribe(ctx, topic)
		check(err)
		go func() {
			for event := range events {
				key, _ := kafka.MessageKeyFromCtx(event.Context())
				event.Ack()
				arrived <- received{topic, event.UUID, string(key), event.Metadata, event.Payload}
			}
		}()
	}
	for seen := 0; ; seen++ {
		// What comes in spite of it comes at once.
		more := ctx.Done()
		if seen >= count {
			late, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			more = late.Done()
		}
		select {
		case one := <-arrived:
			line, err := json.Marshal(one)
			check(err)
			fmt.Println(string(line))
		case <-more:
			if seen < count {
				log.Fatalf("only %d messages came", seen)
			}
			return
		}
	}
}

func broker(refuse int) message.Publisher {
	config := kafka.DefaultSaramaSyncPublisherConfig()
	config.Producer.MaxMessageBytes = refuse
	broker, err := kafka.NewPublisher(kafka.PublisherConfig{
		Brokers:               []string{os.Getenv("HOST_BROKER")},
		Marshaler:             byProduct,
		OverwriteSaramaConfig: config,
	}, logger)
	check(err)
	return broker
}

func stored(db wsql.ContextExecutor) *wsql.Publisher {
	publisher, err := wsql.NewPublisher(db, wsql.PublisherConfig{SchemaAdapter: wsql.DefaultPostgreSQLSchema{}}, logger)
	check(err)
	return publisher
}

func subscriber(db *sql.DB) *wsql.Subscriber {
	subscriber, err := wsql.NewSubscriber(wsql.BeginnerFromStdSQL(db), wsql.SubscriberConfig{
		// One at a time, so that what was published before the power was cut is acknowledged.
		SchemaAdapter:  wsql.DefaultPostgreSQLSchema{SubscribeBatchSize: 1},
		OffsetsAdapter: wsql.DefaultPostgreSQLOffsetsAdapter{},
		PollInterval:   50 * time.Millisecond,
	}, logger)
	check(err)
	return subscriber
}

func awaitIdle(db *sql.DB) {
	const unread = `SELECT count(*) FROM watermill_forwarder_topic event
		LEFT JOIN watermill_offsets_forwarder_topic read ON true
		WHERE (event.transaction_id, event."offset") >
			(coalesce(read.last_processed_transaction_id, '0'), coalesce(read.offset_acked, 0))`
	for deadline := time.Now().Add(atMost); ; time.Sleep(20 * time.Millisecond) {
		var open int
		check(db.QueryRow(unread).Scan(&open))
		if open == 0 {
			return
		}
		if time.Now().After(deadline) {
			log.Fatalf("%d messages stay unacknowledged", open)
		}
	}
}

func number(text string) int {
	number, err := strconv.Atoi(text)
	check(err)
	return number
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
