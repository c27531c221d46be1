"""Structured output as Python programs ask for it. Prints one JSON line: what each way gave."""
import json
import os

import anthropic
import openai
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

url, key, model = os.environ["GATEWAY_URL"], os.environ["GATEWAY_KEY"], "claude-sonnet-4.5"


class Weather(BaseModel):
    city: str
    degrees: int


asked = "[[sim:instead=It is warm.]]"
messages = [{"role": "user", "content": asked}]
client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
chat = client.chat.completions.parse(model=model, messages=messages, response_format=Weather)
response = client.responses.parse(model=model, input=asked, text_format=Weather)
with client.chat.completions.stream(model=model, messages=messages, response_format=Weather) as stream:
    streamed = stream.get_final_completion()
try:
    client.chat.completions.parse(
        model=model,
        messages=[{"role": "user", "content": "[[sim:always=It is warm.]]"}],
        response_format=Weather,
    )
    refused = None
except openai.APIStatusError as error:
    refused = error.status_code
claude = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)
message = claude.messages.parse(model=model, max_tokens=500, messages=messages, output_format=Weather)
agents = {}
for name, output in (("native", NativeOutput(Weather)), ("tool", ToolOutput(Weather)), ("prompted", PromptedOutput(Weather))):
    provider = OpenAIProvider(base_url=f"{url}/v1", api_key=key)
    agent = Agent(OpenAIChatModel(model, provider=provider), output_type=output)
    # Words at first; it would ask on by itself, but it never has to.
    runs = [agent.run_sync(prompt) for prompt in ("How is the weather?", asked)]
    agents[name] = [run.output.model_dump() for run in runs]
    agents[f"{name}_requests"] = [run.usage().requests for run in runs]

print(
    json.dumps(
        {
            "chat": chat.choices[0].message.parsed.model_dump(),
            "responses": response.output_parsed.model_dump(),
            "streamed": streamed.choices[0].message.parsed.model_dump(),
            "refused": refused,
            "messages": message.parsed_output.model_dump(),
            **agents,
        }
    )
)
