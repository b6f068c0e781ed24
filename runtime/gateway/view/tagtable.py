"""The table of tags as clients get it: everything about a tag that is fixed while the programs stay the same."""

from runtime.core.tag import Direction, Tag
from runtime.gateway.view.observation import Observer
from runtime.image.layout import OutputSlot
from runtime.image.manifest import Manifest
from runtime.wire.messages import TagInfo, TagsResult
from runtime.wire.values import to_json


def tags_result(observer: Observer, *, with_variables: bool) -> TagsResult:
    """The reply to `tags`."""
    manifest, layout = observer.manifest, observer.layout
    devices = {slot.tag.name: slot.device for slot in observer.bound}
    outputs = {slot.tag.name: slot for slot in layout.outputs}
    directions = _directions(manifest)
    tags = [
        _info(tag, directions.get(tag.name.lower(), Direction.INTERNAL), devices.get(tag.name), outputs.get(tag.name))
        for tag in manifest.tags
    ]
    result = TagsResult(tags=tags, commands=[command.name for command in manifest.bindings.commands])
    if with_variables:
        result["variables"] = [variable.name for variable in manifest.tags.variables]
    return result


def _directions(manifest: Manifest) -> dict[str, Direction]:
    bindings = manifest.bindings
    found = {point.tag.lower(): Direction.INPUT for points in bindings.inputs.values() for point in points}
    found |= {output.tag.lower(): Direction.OUTPUT for output in bindings.outputs}
    for command in bindings.commands:
        found |= {f"{command.request}.{field}".lower(): Direction.REQUEST for field in ("value", "seq")}
        found |= {f"{command.ack}.{field}".lower(): Direction.ACK for field in ("seq", "result")}
    return found


def _info(tag: Tag, direction: Direction, device: str | None, output: OutputSlot | None) -> TagInfo:
    info = TagInfo(
        name=tag.name,
        type=tag.type_name,
        unit=tag.unit,
        comment=tag.comment,
        direction=direction.value,
        forceable=not (tag.veto or tag.reference),
    )
    if device is not None:
        info["device"] = device
    if tag.labels:
        info["labels"] = [label for label, _ in tag.labels]
    if tag.minimum is not None:
        info["minimum"] = tag.minimum
    if tag.maximum is not None:
        info["maximum"] = tag.maximum
    if output is not None:
        info["fail_safe"] = None if output.fail_safe is None else to_json(output.fail_safe, tag)
    return info
