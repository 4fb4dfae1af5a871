package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/events"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// items is what the API needs of DynamoDB.
type items interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

// links is what the API needs of S3.
type links interface {
	PresignGetObject(context.Context, *s3.GetObjectInput, ...func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error)
}

type api struct {
	table, bucket string
	items         items
	links         links
}

type note struct {
	ID         string `json:"id"`
	Text       string `json:"text"`
	Attachment string `json:"attachment,omitempty"`
}

var errNotFound = errors.New("no such note")

// handle answers GET /notes/{id} and PUT /notes/{id}.
func (a *api) handle(ctx context.Context, r events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	id := r.PathParameters["id"]
	switch r.RequestContext.HTTP.Method {
	case http.MethodGet:
		n, err := a.get(ctx, id)
		if errors.Is(err, errNotFound) {
			return respond(http.StatusNotFound, map[string]string{"error": err.Error()})
		}
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		return respond(http.StatusOK, n)
	case http.MethodPut:
		var n note
		if err := json.Unmarshal([]byte(r.Body), &n); err != nil {
			return respond(http.StatusBadRequest, map[string]string{"error": "the body is not a note"})
		}
		n.ID = id
		if err := a.put(ctx, n); err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		return respond(http.StatusOK, n)
	}
	return respond(http.StatusMethodNotAllowed, map[string]string{"error": "GET or PUT"})
}

func respond(status int, body any) (events.APIGatewayV2HTTPResponse, error) {
	data, err := json.Marshal(body)
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/json"},
		Body:       string(data),
	}, err
}

func (a *api) get(ctx context.Context, id string) (note, error) {
	out, err := a.items.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &a.table,
		Key:       map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
	})
	if err != nil {
		return note{}, err
	}
	text, ok := out.Item["text"].(*types.AttributeValueMemberS)
	if !ok {
		return note{}, errNotFound
	}
	link, err := a.links.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &a.bucket, Key: &id}, s3.WithPresignExpires(15*time.Minute))
	if err != nil {
		return note{}, err
	}
	return note{ID: id, Text: text.Value, Attachment: link.URL}, nil
}

func (a *api) put(ctx context.Context, n note) error {
	_, err := a.items.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &a.table,
		Item: map[string]types.AttributeValue{
			"id":   &types.AttributeValueMemberS{Value: n.ID},
			"text": &types.AttributeValueMemberS{Value: n.Text},
		},
	})
	return err
}
