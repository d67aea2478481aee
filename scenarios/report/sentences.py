"""One sentence per kind of event, in Japanese and English; layers hold only keys.

Fields: {place} town and place, {n} the amount as a number, {percent} the amount as a share, {wait} the amount as a
length of time, {why} the key in the event's arguments in words, {share} the number there as a share. A key may name
the quantity too (`kind:quantity`), an amount (`kind=2`) or an amount of zero (`kind:off`). Kinds missing here are told
by kind, quantity and amount.
"""

from __future__ import annotations

import re

from scenarios.report.lever_names import lever_name
from scenarios.report.text import UNKNOWN, Both, duration, number
from scenarios.report.words import quantity_name, unit_name

SENTENCES: dict[str, tuple[str, str]] = {
    # hazard
    "mainshock": ("本震（Mw {n}）", "main shock (Mw {n})"),
    "mainshock:max_intensity": ("{place}が本震で計測震度{n}", "{place}: main shock, JMA intensity {n}"),
    "aftershock": ("余震（Mw {n}）", "aftershock (Mw {n})"),
    "aftershock:max_intensity": ("{place}が余震で計測震度{n}", "{place}: aftershock, JMA intensity {n}"),
    "work_stopped": ("{place}で余震のため作業中断", "{place}: work stops after the aftershock"),
    "advisory": ("津波注意報を発表", "tsunami advisory issued"),
    "advisory:off": ("津波注意報を解除", "tsunami advisory lifted"),
    "heat_danger": ("暑さ指数が「危険」に達する（WBGT {n}℃）", "heat index reaches the danger level (WBGT {n} °C)"),
    "message_lost": ("{place}の震度が入電しない", "{place}: intensity message does not arrive"),
    "message_received": ("{place}の震度が入電（計測震度{n}）", "{place}: intensity message arrives ({n})"),
    "tsunami_warning": ("{place}に津波警報", "{place}: tsunami warning"),
    "tsunami_warning=2": ("{place}に大津波警報", "{place}: major tsunami warning"),
    "tsunami_warning:off": ("{place}の津波警報を解除", "{place}: tsunami warning lifted"),
    "flood_warning": ("{place}の洪水危険度がレベル{n}に", "{place}: flood warning level {n}"),
    "flood_warning=2": ("{place}の川が氾濫注意水位（レベル2）", "{place}: river at caution level (level 2)"),
    "flood_warning=3": ("{place}の川が避難判断水位（レベル3）", "{place}: river high (level 3)"),
    "flood_warning=4": ("{place}の川が氾濫危険水位（レベル4）", "{place}: river at danger level (level 4)"),
    "flood_warning=5": ("{place}で氾濫が発生（レベル5）", "{place}: flooding (level 5)"),
    "flood_warning:off": ("{place}の洪水警報等を解除", "{place}: flood warning lifted"),
    "landslide_warning": ("{place}の土砂災害危険度がレベル{n}に", "{place}: landslide warning level {n}"),
    "landslide_warning=2": ("{place}に大雨注意報（土砂災害、レベル2）", "{place}: landslide advisory (level 2)"),
    "landslide_warning=3": ("{place}に大雨警報（土砂災害、レベル3相当）", "{place}: landslide warning (level 3)"),
    "landslide_warning=4": ("{place}に土砂災害警戒情報（レベル4相当）", "{place}: landslide alert (level 4)"),
    "landslide_warning=5": (
        "{place}に大雨特別警報（土砂災害、レベル5相当）",
        "{place}: landslide emergency warning (level 5)",
    ),
    "landslide_warning:off": ("{place}の土砂災害の警報等を解除", "{place}: landslide warning lifted"),
    "water_on_land": ("水が陸に達する（浸水深{n} m）", "water comes on land ({n} m deep)"),
    "levee_overtopped": ("{place}で水が堤防を{n} m越える", "{place}: water stands {n} m above the levee"),
    "water_reached": (
        "{place}で浸水深{n} m（土地の{share}が浸水）",
        "{place}: water {n} m deep ({share} of the ground flooded)",
    ),
    # damage
    "collapse": ("{place}で{n}棟が全壊", "{place}: {n} buildings collapse"),
    "wood_collapse": ("{place}で木造家屋{n}棟が全壊", "{place}: {n} wooden buildings collapse"),
    "nonwood_collapse": ("{place}で非木造建物{n}棟が全壊", "{place}: {n} other buildings collapse"),
    "wood_half_collapse": ("{place}で木造家屋{n}棟が半壊", "{place}: {n} wooden buildings half collapse"),
    "nonwood_half_collapse": (
        "{place}で非木造建物{n}棟が半壊",
        "{place}: {n} other buildings half collapse",
    ),
    "slide": ("{place}で崖崩れ、{n}棟が被災", "{place}: slope failure hits {n} buildings"),
    "road_slide": ("{place}で道路に土砂（{n}か所）", "{place}: {n} slope failures on the road"),
    "road_debris": ("{place}で道路にがれき（{n} m³）", "{place}: {n} m³ of debris on the road"),
    "site_collapse": ("{place}で床の{percent}が損壊", "{place}: {percent} of the floors lost"),
    "unusable": ("{place}が使用不能", "{place}: cannot be used"),
    "unusable:shelter_usable": ("{place}の避難所が使用不能", "{place}: a shelter cannot be used"),
    "unusable:hospital_usable": (
        "{place}（病院）の機能が{percent}に低下",
        "{place}: hospital at {percent} of its function",
    ),
    "unusable:depot_usable": ("{place}の物資拠点が{percent}に低下", "{place}: depot at {percent} of its floor"),
    "unusable:office_usable": ("{place}の庁舎が{percent}に低下", "{place}: office at {percent} of its use"),
    "unusable:fuel_station_usable": ("{place}の給油所が使用不能", "{place}: a filling station cannot be used"),
    "fire": ("{place}で出火", "{place}: fire breaks out"),
    "fire_out": ("{place}の火災が鎮火（焼失{n}棟）", "{place}: fire ends ({n} buildings burnt)"),
    "facility_flooded": ("{place}の施設が浸水で使用不能", "{place}: a facility is flooded and cannot be used"),
    "facility_flooded:shelter_usable": ("{place}の避難所が浸水", "{place}: a shelter is flooded"),
    "facility_flooded:hospital_usable": ("{place}（病院）が浸水", "{place}: hospital flooded"),
    "facility_flooded:depot_usable": ("{place}の物資拠点が浸水", "{place}: depot flooded"),
    "facility_flooded:office_usable": ("{place}の庁舎が浸水", "{place}: office flooded"),
    "facility_flooded:fuel_station_usable": ("{place}の給油所が浸水", "{place}: filling station flooded"),
    "houses_flooded": ("{place}で家屋{n}棟が浸水・流失", "{place}: {n} buildings flooded or washed away"),
    "levee_sunk": ("{place}の堤防が最大{n} m沈下", "{place}: levees sink by up to {n} m"),
    "levee_breached": ("{place}で堤防が決壊", "{place}: levee breaches"),
    # infrastructure
    "power_out": ("{place}で停電（{n}戸）", "{place}: power fails for {n} contracts"),
    "power_restored": ("{place}で復電（{n}戸）", "{place}: power is back for {n} contracts"),
    "pipes_broken": ("{place}で水道管が{n}か所破損", "{place}: {n} water-pipe breaks"),
    "zone_dry": ("{place}で断水（{n}戸）", "{place}: taps run dry for {n} households"),
    "zone_refilled": ("{place}で通水再開（{n}戸）", "{place}: water is back for {n} households"),
    "gas_shut": ("{place}で都市ガス停止（{n}戸）", "{place}: city gas shut off for {n} customers"),
    "gas_restored": ("{place}で都市ガス復旧（{n}戸）", "{place}: city gas back for {n} customers"),
    "stations_down": ("{place}で携帯基地局{n}局が停波", "{place}: {n} mobile base stations down"),
    "stations_back": ("{place}で携帯基地局が回復（{n}局）", "{place}: {n} mobile base stations are back"),
    "road_closed": ("{place}が通行止め", "{place}: road closed"),
    "road_opened": ("{place}が通行可能に", "{place}: road open again"),
    "car_connected": ("{place}に電源車が接続", "{place}: generator car connected"),
    "road_flooded": ("{place}が冠水し通行不能", "{place}: road under water"),
    "road_dry": ("{place}の冠水が解消", "{place}: road clear of water"),
    "substation_drowned": ("{place}の変電所が浸水", "{place}: substation flooded"),
    "substation_back": ("{place}の変電所が浸水から復旧", "{place}: flooded substation is back"),
    "stations_drowned": ("{place}で携帯基地局{n}局が浸水", "{place}: {n} mobile base stations flooded"),
    "stations_drowned_back": (
        "{place}で浸水した基地局が復旧（残り{n}局）",
        "{place}: flooded base stations back ({n} left)",
    ),
    "facility_drowned": ("{place}で病院・庁舎{n}か所の電気設備が浸水", "{place}: {n} hospitals or offices flooded"),
    "facility_drowned_back": (
        "{place}で浸水した病院・庁舎が復旧（残り{n}か所）",
        "{place}: flooded hospitals and offices back ({n} left)",
    ),
    "gate_closed": ("{place}の陸閘・水門を閉鎖（{why}）", "{place}: gate shut ({why})"),
    "gate_opened": ("{place}の陸閘・水門を開放", "{place}: gate opened"),
    "gate_left_open": ("{place}の陸閘・水門を閉めずに退避", "{place}: gate left open, crew withdrawn"),
    "pump_stopped": ("{place}の排水機場が停止", "{place}: drainage pump stops"),
    "pump_cars_at_work": ("{place}で排水ポンプ車が稼働（能力の{percent}）", "{place}: pump cars at work ({percent})"),
    "pump_back": ("{place}の排水機場が運転再開", "{place}: drainage pump runs again"),
    # people
    "killed": ("{place}で{n}人が死亡", "{place}: {n} people killed"),
    "trapped": ("{place}で{n}人が閉じ込め", "{place}: {n} people trapped"),
    "freed_by_neighbours": ("{place}で近隣住民が{n}人を救出", "{place}: neighbours free {n} people"),
    "freed_by_responders": ("{place}で部隊が{n}人を救出", "{place}: responders free {n} people"),
    "died_trapped": ("{place}で救出前に{n}人が死亡", "{place}: {n} people die before they are freed"),
    "died_untreated": ("{place}で治療前に{n}人が死亡", "{place}: {n} people die before treatment"),
    "call": ("{place}から119番通報（{n}件）", "{place}: {n} emergency calls"),
    "jam_begins": ("{place}で渋滞が始まる（所要時間{n}倍）", "{place}: traffic jams (travel takes {n} times as long)"),
    "jam_ends": ("{place}の渋滞が解消", "{place}: traffic flows again"),
    "staff_short": ("{place}で職員の登庁率{percent}", "{place}: {percent} of staff at work"),
    "many_ill": ("{place}で体調不良者が{n}人に", "{place}: {n} people have fallen ill"),
    "home_lost": ("{place}で{n}人が自宅に住めなくなる", "{place}: {n} people lose their home"),
    "related_death": ("{place}で災害関連死{n}人", "{place}: {n} disaster-related deaths"),
    "death_confirmed": ("{place}で死亡確認{n}人", "{place}: {n} deaths confirmed"),
    "shut_in_lift": ("{place}でエレベーターに{n}人閉じ込め", "{place}: {n} people shut in lifts"),
    "drowned_at_home": ("{place}で自宅の{n}人が水死", "{place}: {n} people drown at home"),
    "drowned_on_way": ("{place}で避難中の{n}人が水死", "{place}: {n} people drown on their way"),
    "stranded": ("{place}で{n}人が浸水で孤立", "{place}: {n} people stranded by water"),
    "stranded_ends": ("{place}の孤立（{n}人）が解消", "{place}: {n} people no longer stranded"),
    # evacuation
    "shelter_opened": ("{place}の避難所を開設（定員{n}人）", "{place}: shelter opened ({n} places)"),
    "shelter_consolidated": ("{place}の避難所を集約（{n}人が移動）", "{place}: shelter closed, {n} people move"),
    "shelter_unusable": ("{place}の避難所が使用不能（{n}人）", "{place}: shelter unusable ({n} people)"),
    "shelter_full": ("{place}の避難所が満員（{n}人、{why}が制約）", "{place}: shelter full ({n} people; limit: {why})"),
    "people_left_home": ("{place}で{n}人が自宅を離れる（{why}）", "{place}: {n} people leave home ({why})"),
    "people_went_home": ("{place}で{n}人が帰宅", "{place}: {n} people go home"),
    "people_turned_away": ("{place}で避難所に入れない人が{n}人", "{place}: {n} people turned away from shelters"),
    "warning_heard": ("{place}で{n}人が危険を知る", "{place}: {n} people learn of the danger"),
    "flight_begun": ("{place}で避難が始まる（{n}人）", "{place}: people begin to flee ({n})"),
    "people_caught": ("{place}で避難中の{n}人が水に追いつかれる", "{place}: water catches {n} people on their way"),
    "refuge_full": ("{place}の避難ビルが満員（{n}人）", "{place}: refuge full ({n} people)"),
    "flight_over": ("{place}で避難が終わる（{n}人が高台等に）", "{place}: flight is over ({n} people in safety)"),
    # logistics
    "shelter_out_of_food": ("{place}の避難所で食料が尽きる（{n}人）", "{place}: shelter out of food ({n} people)"),
    "shelter_out_of_water": ("{place}の避難所で飲料水が尽きる（{n}人）", "{place}: shelter out of water ({n} people)"),
    "stock_low": ("{place}の食料在庫が残り{n}日分", "{place}: food stock for {n} days left"),
    "depot_queue": ("{place}で荷下ろし待ち{n}台", "{place}: {n} trucks wait for a dock"),
    "station_sells": ("{place}の給油所が営業再開", "{place}: filling station sells again"),
    "station_dry": ("{place}の給油所で燃料切れ", "{place}: filling station runs dry"),
    "station_stopped": ("{place}の給油所が停止", "{place}: filling station stops"),
    "first_push_delivery": ("{place}へプッシュ型支援の第一便", "{place}: first delivery pushed by the state"),
    # rescue
    "dispatch_manual": ("{place}の指令が手作業に", "{place}: dispatch works by hand"),
    "dispatch_restored": ("{place}の指令システムが回復", "{place}: dispatch system is back"),
    "incident_known": ("{place}の要救助事案を把握（{n}件）", "{place}: incidents become known ({n})"),
    "site_known": ("{place}の要救助を把握", "{place}: trapped people become known"),
    "fire_reported": ("{place}の火災を覚知、{n}隊が出動", "{place}: fire reported, {n} crews sent"),
    "crew_assigned": ("{place}へ{n}隊を投入", "{place}: {n} crews sent"),
    "freed": ("{place}で{n}人を救出", "{place}: {n} people freed"),
    "force_arrived": ("{place}に部隊が到着（{n}）", "{place}: forces arrive ({n})"),
    "hospital_overloaded": ("{place}で受診待ち{n}人", "{place}: {n} patients wait at the hospital"),
    "scouted": ("{place}を偵察（{why}）", "{place}: scouted ({why})"),
    "stranded_known": ("{place}で孤立者{n}人を覚知", "{place}: {n} stranded people become known"),
    "lifted": (
        "{place}で孤立した{n}人を舟艇・ヘリで救出",
        "{place}: {n} stranded people fetched by boat or helicopter",
    ),
    # government
    "report_late": ("{place}の報告が{wait}遅れて届く", "{place}: report arrives {wait} late"),
    "headquarters_set": ("{place}に災害対策本部", "{place}: disaster headquarters set up"),
    "evacuation_ordered": ("{place}に避難指示（対象{percent}）", "{place}: evacuation ordered ({percent} of people)"),
    "order_lifted": ("{place}の避難指示を解除", "{place}: evacuation order lifted"),
    "flood_call_3": ("{place}に高齢者等避難（レベル3）", "{place}: the old and care homes are to leave (level 3)"),
    "flood_call_4": ("{place}に避難指示（レベル4）", "{place}: all are to leave (level 4)"),
    "flood_call_5": ("{place}に緊急安全確保（レベル5）", "{place}: take cover where you are (level 5)"),
    "flood_call_lifted": ("{place}の避難情報を解除", "{place}: calls for evacuation lifted"),
    "tsunami_warning_heard": ("{place}の役場に津波警報が届く", "{place}: tsunami warning reaches the town hall"),
    "flood_warning_heard": (
        "{place}の役場に洪水警報が届く（レベル{n}）",
        "{place}: flood warning level {n} reaches the town hall",
    ),
    "flooded_homes_listed": ("{place}で浸水家屋の調査が始まる", "{place}: count of flooded homes begins"),
    "shelters_opened_ahead": ("{place}で避難所{n}か所の開設を指示", "{place}: {n} shelters to open ahead of the water"),
    "shelters_consolidated": ("{place}で避難所を{n}か所に集約", "{place}: shelters to be merged into {n}"),
    "request_sent": ("{place}から要請（{why} {n}）", "{place}: request sent ({why}, {n})"),
    "request_approved": ("{place}の要請を承認（{why} {n}）", "{place}: request approved ({why}, {n})"),
    "town_silent": ("{place}の役場と連絡がつかない", "{place}: town hall is silent"),
    "town_heard": ("{place}の役場から連絡", "{place}: town hall is heard again"),
    "scouts_wanted": ("{place}へ偵察を指示", "{place}: scouts are sent for"),
    "generator_cars_sent": ("{place}へ電源車を配備（計{n}台）", "{place}: generator cars sent ({n} in all)"),
    "generator_cars_back": ("{place}から電源車を引き上げ（残り{n}台）", "{place}: generator cars withdrawn ({n} left)"),
    "mutual_aid_called": ("事業者の相互応援を要請（{n}班）", "utility mutual aid called ({n} crews)"),
    "fire_aid_called": ("緊急消防援助隊の出動を要請", "fire aid teams called"),
    "police_aid_called": ("警察の広域応援を要請", "police aid called"),
    "medical_aid_called": ("DMATの派遣を要請", "medical teams called"),
    "sdf_called": ("自衛隊に災害派遣を要請", "Self-Defence Forces called"),
    "relief_act_applied": ("災害救助法を適用", "Disaster Relief Act applied"),
    "national_headquarters_set": ("国の災害対策本部を設置", "national headquarters set up"),
    "staff_support_persons": ("応援職員の派遣を決定", "support staff from other governments decided"),
    "push_started": ("国がプッシュ型支援を開始", "the state starts to push supplies"),
    "ordered": ("対策を指示：{place} {why}（{n}）", "countermeasure ordered: {place} {why} ({n})"),
    "ordered:off": ("対策を解除：{place} {why}", "countermeasure taken back: {place} {why}"),
    "terminal_connected": ("{place}で衛星通信端末が使用可能に", "{place}: satellite terminal at work"),
    "support_arrives": ("{place}に応援職員{n}人が向かう", "{place}: {n} support staff on their way"),
    "report_published": ("県が第{n}報を公表", "prefecture publishes report no. {n}"),
}

WHY: dict[str, Both] = {
    "lost": Both("住家の被害", "home damaged"),
    "outage": Both("停電・断水", "outages"),
    "fear": Both("余震への不安", "fear of aftershocks"),
    "order": Both("避難指示", "evacuation order"),
    "brought": Both("救出・搬送", "brought by responders"),
    "floor": Both("床面積", "floor space"),
    "check": Both("安全確認待ち", "safety check"),
    "heat": Both("暑さ", "heat"),
    "toilets": Both("トイレ", "toilets"),
    "water": Both("水", "water"),
    "staff": Both("職員", "staff"),
    "road": Both("陸路", "by road"),
    "air": Both("空から", "by air"),
    "GENERATOR_CARS": Both("電源車", "generator cars"),
    "GOODS": Both("物資", "goods"),
    "tsunami": Both("津波", "tsunami"),
    "flood": Both("洪水", "flood"),
    "remote": Both("遠隔操作", "remotely"),
    "hand": Both("手動", "by hand"),
}

SINGULAR = {"people": "person", "patients": "patient", "crews": "crew", "buildings": "building", "calls": "call"}
SINGULAR |= {"households": "household", "contracts": "contract", "customers": "customer", "places": "place"}
SINGULAR |= {"segments": "segment", "sections": "section", "facilities": "facility", "cars": "car"}
SINGULAR |= {"deaths": "death", "breaks": "break", "stations": "station", "trucks": "truck", "days": "day"}
ONE = re.compile(rf"(?<![\d.,])1 ((?:[a-z-]+ )*?)({'|'.join(SINGULAR)})\b")

# Acts of government and other milestones: kinds told on the first page with their time
ACTS = (
    "fire_aid_called",
    "sdf_called",
    "police_aid_called",
    "medical_aid_called",
    "relief_act_applied",
    "national_headquarters_set",
    "staff_support_persons",
    "push_started",
)


def sentence(kind: str, place: Both, amount: float, quantity: str, unit: str, args: list[object]) -> Both:
    """What happened, as a sentence. Unknown kinds are told by their key, quantity and amount."""
    name = quantity.partition(".")[2]
    keys = [f"{kind}:off"] if amount == 0 else [f"{kind}={amount:g}"]
    known = next((SENTENCES[key] for key in (*keys, f"{kind}:{name}", kind) if key in SENTENCES), None)
    told = number(abs(amount), 3) if amount == amount else UNKNOWN.ja
    if known is None:
        what, units = quantity_name(name), unit_name("", unit)
        en = f"{place.en}: {kind} ({what.en} {told} {units.en})"
        return Both(f"{place.ja}：{kind}（{what.ja} {told}{units.ja}）", en)
    why = next((WHY[str(arg)] for arg in args if str(arg) in WHY), UNKNOWN)
    if kind == "ordered" and args:
        why = lever_name(f"{quantity.partition('.')[0]}.{args[0]}")
    wait = duration(abs(amount))
    plain = {"n": told, "percent": _percent(amount), "share": _share(args)}
    return Both(
        known[0].format_map({"place": place.ja, "wait": wait.ja, "why": why.ja, **plain}),
        singular(known[1].format_map({"place": place.en, "wait": wait.en, "why": why.en, **plain})),
    )


def singular(text: str) -> str:
    """`1 people die` reads `1 person dies` in the noun at least."""
    return ONE.sub(lambda found: f"1 {found[1]}{SINGULAR[found[2]]}", text)


def _share(args: list[object]) -> str:
    """The first number among the arguments as a share; a very small one is not told as none."""
    share = next((arg for arg in args if isinstance(arg, int | float)), None)
    return "<1%" if share is not None and share < 0.005 else _percent(share)


def _percent(value: float | None) -> str:
    return f"{value:.0%}" if value is not None and value == value else UNKNOWN.en
