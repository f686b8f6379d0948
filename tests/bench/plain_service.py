"""What a tutorial puts behind FastAPI: the Keras model, and `model.predict` for each request. Run by `serving.py`."""

import sys
from pathlib import Path

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from seqzoo.door import Run
from seqzoo.tasks.classify.codec import WordCodec

folder = Path(sys.argv[1])
model, codec = Run(folder).model, WordCodec.load(folder)
app = FastAPI()


class Text(BaseModel):
    text: str


@app.post("/classify")
def classify(question: Text) -> dict[str, float]:
    ids = codec.encode(question.text)["ids"][None]
    logit = model.predict(ids, verbose=0)[0, 0]
    return {"probability": float(1 / (1 + np.exp(-logit)))}


uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
