"""Web search as Python programs ask for it. Prints one JSON line: what each way gave."""
import json
import os

import anthropic
import openai

url, key, model = os.environ["GATEWAY_URL"], os.environ["GATEWAY_KEY"], "claude-sonnet-4.5"
asked = "Search the web for bun sqlite."
messages = [{"role": "user", "content": asked}]

claude = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)
tool = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}


def of_message(message):
    blocks = message.content
    found = [block for block in blocks if block.type == "web_search_tool_result"]
    return {
        "kinds": [block.type for block in blocks],
        "queries": [block.input["query"] for block in blocks if block.type == "server_tool_use"],
        "pages": [result.url for block in found for result in block.content],
        "cited": [citation.url for block in blocks if block.type == "text" for citation in block.citations or []],
        "counted": message.usage.server_tool_use.web_search_requests,
    }


def linked(text, annotations):
    """The addresses of annotations whose place in the text is a link to them."""
    return [one.url for one in annotations if text[one.start_index : one.end_index] == f"[{one.title}]({one.url})"]


def of_response(response):
    items = response.output
    parts = [part for item in items if item.type == "message" for part in item.content]
    return {
        "kinds": [item.type for item in items],
        "queries": [item.action.query for item in items if item.type == "web_search_call"],
        "cited": [url for part in parts for url in linked(part.text, part.annotations)],
    }


def of_completion(completion):
    message = completion.choices[0].message
    return {"cited": linked(message.content, [one.url_citation for one in message.annotations or []])}


options = {"model": model, "max_tokens": 2_000, "messages": messages, "tools": [tool]}
whole = claude.messages.create(**options)
with claude.messages.stream(**options) as stream:
    streamed = stream.get_final_message()
# The next turn brings the blocks back as the library holds them.
more = claude.messages.create(
    **{**options, "messages": [*messages, {"role": "assistant", "content": streamed.content}, {"role": "user", "content": "Thanks"}]}
)

client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
response = client.responses.create(model=model, input=asked, tools=[{"type": "web_search"}])
steps = []
with client.responses.stream(model=model, input=asked, tools=[{"type": "web_search"}]) as stream:
    for event in stream:
        if "web_search_call" in event.type:
            steps.append(event.type.rpartition(".")[2])
    response_streamed = stream.get_final_response()

completion = client.chat.completions.create(model=model, messages=messages, web_search_options={})
with client.chat.completions.stream(model=model, messages=messages, web_search_options={}) as stream:
    completion_streamed = stream.get_final_completion()

print(
    json.dumps(
        {
            "messages": [of_message(whole), of_message(streamed)],
            "next": [block.type for block in more.content],
            "responses": [of_response(response), of_response(response_streamed)],
            "steps": steps,
            "chat": [of_completion(completion), of_completion(completion_streamed)],
        }
    )
)
