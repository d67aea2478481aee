"""What maps show: for each of the eight phenomena the few handed-out quantities that tell its story place by place."""

from __future__ import annotations

from dataclasses import dataclass

SCALES = ("jma-intensity", "flood-depth", "sequential", "diverging", "categories")


@dataclass(frozen=True)
class Mapped:
    """One quantity worth a map; kept hourly in the run folder, place by place.

    quantity: `layer.quantity` as the layer gives it, which fixes index set and unit. scale: how values become colours:
    `jma-intensity` and `flood-depth` are the official classes, `sequential` grows from none to much, `diverging` has a
    normal value of 1 in the middle of worse and better, `categories` are a few whole numbers.
    phenomenon: the layer the map belongs to.
    """

    quantity: str
    title_ja: str
    title_en: str
    scale: str
    phenomenon: str


def _mapped(phenomenon: str, *rows: tuple[str, str, str, str]) -> tuple[Mapped, ...]:
    return tuple(Mapped(f"{phenomenon}.{name}", ja, en, scale, phenomenon) for name, ja, en, scale in rows)


MAPPED: tuple[Mapped, ...] = (
    Mapped("damage.peak_intensity", "最大震度（計測）", "strongest JMA intensity so far", "jma-intensity", "hazard"),
    *_mapped(
        "hazard",
        (
            "intensity_received",
            "本部が受信した震度（計測）",
            "JMA intensity as headquarters received it",
            "jma-intensity",
        ),
        ("water_depth_m", "浸水深", "depth of water", "flood-depth"),
        ("water_max_depth_m", "最大浸水深", "largest depth of water so far", "flood-depth"),
        ("wbgt_c", "暑さ指数（WBGT）", "heat index (WBGT)", "sequential"),
    ),
    *_mapped(
        "damage",
        ("buildings_collapsed", "全壊した建物", "buildings totally collapsed", "sequential"),
        ("fires_burning", "延焼中の火災", "fires burning", "sequential"),
        ("road_debris_m3", "道路上のがれき", "debris on the road", "sequential"),
        ("buildings_flooded", "床上浸水した建物", "buildings flooded above the floor", "sequential"),
    ),
    *_mapped(
        "people",
        ("trapped_persons", "閉じ込められた人", "people trapped", "sequential"),
        ("persons_displaced", "自宅に住めない人", "residents who lost their home", "sequential"),
        ("stranded_persons", "浸水で孤立した人", "people stranded by water", "sequential"),
        ("persons_away", "自宅外へ避難した住民", "residents staying elsewhere", "sequential"),
        ("traffic_factor", "渋滞による所要時間の倍率", "travel time over free flow", "sequential"),
    ),
    *_mapped(
        "rescue",
        ("trapped_known_persons", "覚知した閉じ込め", "people trapped, as far as responders know", "sequential"),
        ("responders_present_persons", "町にいる部隊", "responders in the town", "sequential"),
        ("fire_crews", "消火中の隊", "crews at work on fires", "sequential"),
        ("hospital_waiting_persons", "病院の受診待ち", "patients waiting at the hospital", "sequential"),
    ),
    *_mapped(
        "infrastructure",
        ("power_on_fraction", "電気の来ている世帯の割合", "share of households with electricity", "diverging"),
        ("water_service_fraction", "水道の通水率", "share of normal piped water", "diverging"),
        ("telecom_fraction", "携帯電話が届く人の割合", "share of people with mobile service", "diverging"),
        ("local_speed_fraction", "生活道路の速度（平常比）", "speed on local streets, share of normal", "diverging"),
    ),
    *_mapped(
        "evacuation",
        ("shelter_persons", "避難所にいる人", "people in the shelter", "sequential"),
        ("car_persons", "車中泊の人", "people sleeping in cars", "sequential"),
        (
            "shelter_counted_persons",
            "町が数えた避難所の人数",
            "people in shelters at the last head-count",
            "sequential",
        ),
    ),
    *_mapped(
        "logistics",
        ("shelter_meals_fraction", "避難所の食事の充足率", "share of shelter meals served", "diverging"),
        ("trucks_waiting_units", "荷下ろし待ちトラック", "trucks waiting at the depots", "sequential"),
    ),
    *_mapped(
        "government",
        ("evacuation_order_fraction", "避難指示の対象住民の割合", "share of residents under an order", "sequential"),
        ("flood_call", "避難情報（警戒レベル）", "call for evacuation (level)", "categories"),
        ("scouting_wanted", "連絡がなく偵察を要する町", "silent towns to be scouted", "categories"),
        ("generator_cars_units", "配備した電源車", "generator cars allotted", "sequential"),
    ),
)
