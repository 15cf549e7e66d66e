// A service with Watermill's SQL queue as its outbox: messages are written in the transaction of
// the business row, and a router forwards them to RabbitMQ.
//
//	host setup
//	host write COUNT [LARGE…]       (the numbers of events with a long name)
//	host relay [-refuse BYTES] [-die-after COUNT]
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-amqp/v3/pkg/amqp"
	wsql "github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	_ "github.com/go-sql-driver/mysql"
	stdamqp "github.com/rabbitmq/amqp091-go"
)

const (
	// outbox is the topic whose table is the outbox, poison where the router puts what it gives up.
	outbox = "products"
	poison = "products_poison"
	atMost = 40 * time.Second
)

var logger = watermill.NewStdLoggerWithOut(os.Stderr, false, false)

func main() {
	db, err := sql.Open("mysql", os.Getenv("HOST_DATABASE"))
	check(err)
	defer db.Close()
	switch os.Args[1] {
	case "setup":
		setup(db)
	case "write":
		count, err := strconv.Atoi(os.Args[2])
		check(err)
		for number := range count {
			fmt.Println(add(db, number, slices.Contains(os.Args[3:], strconv.Itoa(number))))
		}
	case "relay":
		relay(db, os.Args[2:])
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
func add(db *sql.DB, number int, large bool) string {
	tx, err := db.Begin()
	check(err)
	product, name := watermill.NewUUID(), fmt.Sprintf("product %d", number)
	if large {
		name += strings.Repeat(" long", 1000)
	}
	_, err = tx.Exec("INSERT INTO products (id, name) VALUES (?, ?)", product, name)
	check(err)
	publisher, err := wsql.NewPublisher(wsql.TxFromStdSQL(tx), wsql.PublisherConfig{
		SchemaAdapter: wsql.MySQLQueueSchema{},
	}, logger)
	check(err)
	body, err := json.Marshal(map[string]string{"productId": product, "name": name})
	check(err)
	event := message.NewMessage(watermill.NewUUID(), body)
	event.Metadata.Set("type", "ProductChanged")
	check(publisher.Publish(outbox, event))
	check(tx.Commit())
	return event.UUID
}

// relay forwards until every message is acknowledged.
func relay(db *sql.DB, args []string) {
	flags := flag.NewFlagSet("relay", flag.ExitOnError)
	refuse := flags.Int("refuse", 1<<20, "bytes from which on a message is refused")
	dieAfter := flags.Int("die-after", -1, "messages after which the power is cut")
	check(flags.Parse(args))

	config := amqp.NewDurablePubSubConfig(os.Getenv("HOST_BROKER"), nil)
	config.Publish.ConfirmDelivery = true
	// Without a time of its own a message leaves open since when a stream has kept what it keeps.
	config.Marshaler = amqp.DefaultMarshaler{PostprocessPublishing: timed}
	broker, err := amqp.NewPublisher(config, logger)
	check(err)
	unpoisoned, err := wsql.NewPublisher(wsql.BeginnerFromStdSQL(db), wsql.PublisherConfig{
		SchemaAdapter: wsql.MySQLQueueSchema{},
	}, logger)
	check(err)
	poisoned, err := middleware.PoisonQueue(unpoisoned, poison)
	check(err)

	router, err := message.NewRouter(message.RouterConfig{}, logger)
	check(err)
	left := 0
	router.AddConsumerHandler("forward", outbox, subscriber(db), func(event *message.Message) error {
		if left == *dieAfter {
			os.Exit(137)
		}
		if len(event.Payload) >= *refuse {
			return errors.New("the broker takes no message that large")
		}
		left++
		return broker.Publish(os.Getenv("HOST_DESTINATION"), event.Copy())
	})
	retry := middleware.Retry{MaxRetries: 2, InitialInterval: 10 * time.Millisecond, Logger: logger}
	router.AddMiddleware(poisoned, retry.Middleware)
	go func() { check(router.Run(context.Background())) }()
	awaitIdle(db)
	check(router.Close())
	check(broker.Close())
}

func timed(message stdamqp.Publishing) stdamqp.Publishing {
	message.Timestamp = time.Now()
	return message
}

func subscriber(db *sql.DB) *wsql.Subscriber {
	subscriber, err := wsql.NewSubscriber(wsql.BeginnerFromStdSQL(db), wsql.SubscriberConfig{
		SchemaAdapter:  wsql.MySQLQueueSchema{},
		OffsetsAdapter: wsql.MySQLQueueOffsetsAdapter{},
		PollInterval:   50 * time.Millisecond,
	}, logger)
	check(err)
	return subscriber
}

func awaitIdle(db *sql.DB) {
	for deadline := time.Now().Add(atMost); ; time.Sleep(20 * time.Millisecond) {
		var open int
		check(db.QueryRow("SELECT count(*) FROM watermill_products WHERE NOT acked").Scan(&open))
		if open == 0 {
			return
		}
		if time.Now().After(deadline) {
			log.Fatalf("%d messages stay unacknowledged", open)
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
