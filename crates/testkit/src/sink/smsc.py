"""An SMSC for tests, on the server of smpp34: SMPP by another hand than ours. Lines of JSON go in and out.

In:  {"do": "next", "how": [..]}      how the next texts are answered: "accept", "silent", "late:SECONDS", "die",
                                       "reject:STATUS"; after them all are accepted
     {"do": "receipts", "state": S}   what is told of accepted texts: "DELIVRD", "UNDELIV", ..., "" for nothing; "twice" before
     {"do": "deliver", ..}            brings something to the newest bind
Out: {"is": "ready" | "bound" | "unbound" | "submitted" | "delivered", ..}
"""

import asyncio
import json
import os
import sys

import smpp34


def tell(what, **more):
    print(json.dumps({"is": what, **more}), flush=True)


class Smsc:
    def __init__(self, prefix):
        self.binds, self.how, self.receipts, self.count, self.prefix = {}, [], "", 0, prefix

    async def submitted(self, text):
        how = self.how.pop(0) if self.how else "accept"
        self.count += 1
        name = f"{self.prefix}-{self.count}"
        taken = not how.startswith("reject")
        tell(
            "submitted", id=name, how=how, taken=taken, source=text.source_addr, source_ton=text.source_addr_ton,
            destination=text.destination_addr, esm_class=text.esm_class, data_coding=text.data_coding,
            registered=text.registered_delivery, octets=bytes(text.short_message).hex(),
            parameters={str(one.tag): bytes(one.value).hex() for one in text.tlvs},
        )
        if how == "die":
            os._exit(1)
        if not taken:
            text.reject(int(how.split(":")[1]))
            return
        if how == "silent":
            await asyncio.sleep(3600)
        if how.startswith("late"):
            await asyncio.sleep(float(how.split(":")[1]))
        text.accept(name)
        states = self.receipts.split()
        if states and text.registered_delivery & 1:
            for _ in range(2 if states[0] == "twice" else 1):
                said = f"id:{name} sub:001 dlvrd:001 submit date:2601051200 done date:2601051201 stat:{states[-1]} err:000 text:"
                await self.deliver(
                    source=text.destination_addr, destination=text.source_addr, esm_class=4, octets=said.encode().hex()
                )

    async def deliver(self, source, destination, esm_class, octets, data_coding=0, source_ton=1, name=""):
        bind = list(self.binds.values())[-1]
        try:
            answer = await bind.deliver_sm(
                destination, bytes.fromhex(octets), source_addr=source, source_addr_ton=source_ton, esm_class=esm_class,
                data_coding=data_coding,
            )
            tell("delivered", name=name, status=answer.command_status)
        except Exception as error:
            tell("delivered", name=name, status=-1, error=str(error))


async def main():
    smsc = Smsc(f"{os.getpid():x}")
    server = smpp34.Server(host="127.0.0.1", port=int(sys.argv[1]), system_id="smsc")
    await server.start()
    tell("ready")
    loop, tasks = asyncio.get_running_loop(), set()

    def start(work):
        task = loop.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def orders():
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = json.loads(line)
            match order.pop("do"):
                case "next":
                    smsc.how.extend(order["how"])
                case "receipts":
                    smsc.receipts = order["state"]
                case "deliver":
                    start(smsc.deliver(**order))
        os._exit(0)

    start(orders())
    while True:
        event = await server.next()
        if isinstance(event, smpp34.Esme):
            smsc.binds[event.session_id] = event
            tell("bound", system_id=event.system_id)
        elif isinstance(event, smpp34.SubmitSmEvent):
            start(smsc.submitted(event))
        elif isinstance(event, smpp34.Unbound):
            smsc.binds.pop(event.session_id, None)
            tell("unbound")


asyncio.run(main())
