"""A worker of a distributed training in PyTorch: two processes on one machine, with gloo.

    python torch_distributed.py RANK PORT LOG_DIR WAY

The process of rank 0 prints the values of the training, as JSON.
"""

import json
import os
import sys

import torch
import torch.distributed as dist
import torch_training as training
from torch import nn

import tb_gradhealth.torch as gradhealth

WORKERS, STEPS = 2, 6


def parts_of(rank: int):
    """Each worker's batches."""
    return training.batches(STEPS, seed=100 + rank)


def replicated(rank: int, log_dir: str) -> dict[str, list[float]]:
    """`DistributedDataParallel`; the gradient is the mean over the workers."""
    model = nn.parallel.DistributedDataParallel(training.classifier())
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    training.train_watched(
        gradhealth.watch(model, optimizer, log_dir, every=1), model, optimizer, parts_of(rank)
    )
    return {"weight": [float(model.module[0].weight.detach().double().square().mean().sqrt())]}


def sharded(rank: int, log_dir: str) -> dict[str, list[float]]:
    """FSDP2: each worker has a shard of each parameter."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    model = training.classifier()
    fully_shard(model, mesh=init_device_mesh("cpu", (WORKERS,)))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    found: dict[str, list[float]] = {"gradient": [], "weight": [], "update": []}
    with gradhealth.watch(model, optimizer, log_dir, every=1) as watcher:
        for x, y in parts_of(rank):
            before = model[0].weight.to_local().detach().double().clone()
            loss = training.class_loss(model(x), y)
            loss.backward()
            gradient = model[0].weight.grad.to_local().double()
            optimizer.step()
            after = model[0].weight.to_local().detach().double()
            for name, values in (("gradient", gradient), ("weight", after), ("update", after - before)):
                found[name].append(float(values.square().mean().sqrt()))
            optimizer.zero_grad()
            watcher.step(loss)
    return found


WAYS = {"replicated": replicated, "sharded": sharded}

if __name__ == "__main__":
    rank, port, log_dir, way = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=WORKERS)
    found = WAYS[way](rank, log_dir)
    if rank == 0:
        print(json.dumps(found), flush=True)
    dist.barrier()
    # Threads of gloo may abort a process that ends after its peer has closed their connection.
    os._exit(0)
