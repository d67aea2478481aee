"""Names people know for quantities, units, layers, tables and loops, in Japanese and English."""

from __future__ import annotations

from scenarios.report.text import Both

UNITS: dict[str, Both] = {
    "person": Both("人", "people"),
    "household": Both("世帯", "households"),
    "customer": Both("戸", "contracts"),
    "building": Both("棟", "buildings"),
    "unit": Both("", ""),
    "meal": Both("食/日", "meals/day"),
    "litre": Both("L/日", "L/day"),
    "crew": Both("班", "crews"),
    "call": Both("件", "calls"),
    "report": Both("件", "reports"),
    "m3": Both("m³", "m³"),
    "m2": Both("m²", "m²"),
    "m": Both("m", "m"),
    "s": Both("", ""),
    "degC": Both("℃", "°C"),
    "deg": Both("°", "°"),
    "m_per_s": Both("m/s", "m/s"),
    "m_per_s2": Both("m/s²", "m/s²"),
    "litre_per_s": Both("L/s", "L/s"),
    "1": Both("", ""),
}

# quantity -> (name, unit as counted in Japanese and English)
QUANTITIES: dict[str, tuple[Both, Both]] = {
    name: (Both(ja, en), Both(unit_ja, unit_en))
    for name, ja, en, unit_ja, unit_en in (
        ("households_without_power", "停電世帯", "households without power", "世帯", "households"),
        ("power_contracts_out", "停電（契約数）", "power outages (contracts)", "戸", "contracts"),
        ("households_without_water", "断水", "households without water", "戸", "households"),
        ("households_without_gas", "都市ガス停止", "city gas stopped", "戸", "customers"),
        ("base_stations_down", "停波した携帯基地局", "mobile base stations down", "局", "stations"),
        ("people_without_telecom", "携帯電話が届かない人", "people without mobile service", "人", "people"),
        ("roads_closed", "通行止め（幹線区間）", "trunk-road sections closed", "区間", "sections"),
        ("facilities_dark", "電源のない重要施設", "key facilities without any power", "施設", "facilities"),
        ("local_speed_fraction", "生活道路の速度（平常比）", "speed on local streets, share of normal", "", ""),
        ("calls_blocked_fraction", "つながらない通話の割合", "share of calls that do not get through", "", ""),
        ("hospital_water_fraction", "病院の水（必要量比）", "hospital water, share of need", "", ""),
        ("incidents_open", "対応中の事案", "open incidents", "件", "incidents"),
        ("evacuees_in_shelters", "避難所の避難者", "evacuees in shelters", "人", "people"),
        ("evacuees_in_cars", "車中泊", "people sleeping in cars", "人", "people"),
        ("evacuees_elsewhere", "親族宅等の避難者", "evacuees with relatives or elsewhere", "人", "people"),
        ("shelters_open", "開設避難所", "shelters open", "か所", "shelters"),
        ("shelters_full", "満員の避難所", "shelters full", "か所", "shelters"),
        ("shelter_capacity_persons", "滞在できる避難所定員", "habitable shelter places", "人", "places"),
        ("refused_persons", "断られた避難者（累計）", "people turned away so far", "人", "people"),
        ("buildings_collapsed", "全壊", "totally collapsed", "棟", "buildings"),
        ("buildings_half_collapsed", "半壊", "half collapsed", "棟", "buildings"),
        ("buildings_partial", "一部破損", "partly damaged", "棟", "buildings"),
        ("homes_unclassified", "被害分類未了", "damage not yet classed", "棟", "buildings"),
        ("homes_tagged", "応急危険度判定済み", "homes with a safety tag", "棟", "buildings"),
        ("buildings_burnt", "焼失", "burnt down", "棟", "buildings"),
        ("fires_burning", "延焼中の火災", "fires burning", "件", "fires"),
        ("fires_total", "火災（累計）", "fires so far", "件", "fires"),
        ("slide_buildings", "崖崩れで被災した建物", "buildings hit by slope failures", "棟", "buildings"),
        ("debris_m3", "災害廃棄物", "disaster waste", "m³", "m³"),
        ("deaths", "死者", "deaths", "人", "people"),
        ("deaths_residential", "死者（住家）", "deaths in homes", "人", "people"),
        ("deaths_site", "死者（大規模施設）", "deaths at large sites", "人", "people"),
        ("deaths_fire", "死者（火災）", "deaths by fire", "人", "people"),
        ("deaths_landslide", "死者（土砂災害）", "deaths by landslide", "人", "people"),
        ("deaths_related", "災害関連死", "disaster-related deaths", "人", "people"),
        ("cardiac_arrest", "心肺停止", "in cardiac arrest", "人", "people"),
        ("missing", "行方不明", "missing", "人", "people"),
        ("injured_severe", "重傷", "severely injured", "人", "people"),
        ("injured_moderate", "中等傷", "moderately injured", "人", "people"),
        ("injured_light", "軽傷", "lightly injured", "人", "people"),
        ("ill", "体調を崩した人（累計）", "people taken ill so far", "人", "people"),
        ("trapped_persons", "閉じ込められた人", "people trapped", "人", "people"),
        ("lift_trapped", "エレベーター閉じ込め", "people shut in lifts", "人", "people"),
        ("rescued_persons", "救出（累計）", "rescued so far", "人", "people"),
        ("rescued_fire_service", "救出（消防）", "rescued by fire services", "人", "people"),
        ("freed_by_neighbours", "近隣住民による救出", "freed by neighbours", "人", "people"),
        ("rescue_waiting", "救助待ち", "waiting for rescue crews", "人", "people"),
        ("hospital_patients_waiting", "受診・入院待ち", "patients waiting at hospitals", "人", "people"),
        ("responders_requested", "応援要請", "responders requested", "人", "people"),
        ("responders_moving", "移動中の部隊", "responders moving", "人", "people"),
        ("responders_working", "活動中の部隊", "responders working", "人", "people"),
        ("meals_short", "不足する食事", "meals short", "食/日", "meals/day"),
        ("water_short_l", "不足する飲料水", "drinking water short", "L/日", "L/day"),
        ("trucks_queued", "荷下ろし待ちトラック", "trucks waiting for a dock", "台", "trucks"),
        ("fuel_stations_open", "営業中の給油所", "filling stations selling", "か所", "stations"),
        ("shops_open", "営業中の食料品店", "food shops open", "店", "shops"),
        ("water_points", "応急給水所", "emergency water points", "か所", "points"),
        ("water_tankers", "稼働中の給水車", "water tankers at work", "台", "tankers"),
        ("meals_in_stock", "市町村の食料在庫", "meals in municipal stock", "食", "meals"),
        ("requests_pending", "決裁待ちの要請", "requests awaiting a decision", "件", "requests"),
        ("approval_delay_s", "決裁の待ち時間", "wait for a decision", "", ""),
        ("silent_towns", "連絡のない役場", "silent town halls", "市町村", "towns"),
        ("information_age_s", "情報の古さ（平均）", "mean age of information", "", ""),
        ("disaster_staff_persons", "災害対応の職員", "staff on disaster duties", "人", "people"),
        ("town_calls_waiting", "役場への未応答電話", "unanswered calls to town halls", "件", "calls"),
        ("generator_cars_allotted", "配備した電源車", "generator cars allotted", "台", "cars"),
        ("max_intensity", "最大震度（計測）", "largest JMA intensity", "", ""),
        ("wbgt_c", "暑さ指数（WBGT）", "heat index (WBGT)", "℃", "°C"),
        ("persons_home", "在宅の人", "people at home", "人", "people"),
        ("persons_away", "自宅外へ避難した人", "residents staying elsewhere", "人", "people"),
        ("gas_stopped", "都市ガス停止", "city gas stopped", "戸", "customers"),
        ("gas_restored", "都市ガス復旧済み", "city gas restored", "戸", "customers"),
        ("burnt_floor_m2", "焼損床面積", "floor area burnt", "m²", "m²"),
        ("slopes_failed_fraction", "崩れた急斜面の割合", "share of steep slopes failed", "", ""),
        ("slopes_failed_rain_fraction", "大雨で崩れた急斜面の割合", "share of steep slopes failed by rain", "", ""),
        ("landslide_warning", "土砂災害の警戒レベル（相当）", "landslide warning level", "", ""),
        ("persons_at_work", "職場にいる人", "residents at work", "人", "people"),
        ("persons_at_school", "学校等にいる人", "residents at school", "人", "people"),
        ("persons_at_shops", "店舗等にいる人", "residents in shops", "人", "people"),
        ("persons_on_road", "道路上の人", "residents on the road", "人", "people"),
        ("persons_displaced", "自宅に住めない人", "residents who lost their home", "人", "people"),
        ("injured_waiting", "未治療の負傷者", "hurt people not yet treated", "人", "people"),
        ("ill_expected", "体調不良者の期待値", "expected number of ill", "人", "people"),
        ("landslide_victims_expected", "土砂災害死傷者の期待値", "expected landslide victims", "人", "people"),
        ("emergency_calls", "つながった119番通報", "emergency calls that got through", "件", "calls"),
        ("traffic_factor", "渋滞による所要時間の倍率", "travel time over free flow", "倍", "times"),
        ("staff_attendance_fraction", "職員の登庁率", "share of staff at work", "", ""),
        ("evacuees_in_hospital", "入院した避難者", "evacuees in hospital", "人", "people"),
        ("meals_received", "届いた食事（累計）", "meals received so far", "食", "meals"),
        ("hub_stock_m3", "広域拠点の在庫", "stock in hubs", "m³", "m³"),
        ("people_without_medicine", "薬・酸素が届かない人", "people without medicine or oxygen", "人", "people"),
        ("responder_meals", "部隊の手持ち食料", "responders' own meals", "食", "meals"),
        ("fuel_in_stations_l", "給油所の燃料", "fuel in filling stations", "L", "L"),
        ("fuel_to_generators_l", "発電機への燃料（累計）", "fuel to generators so far", "L", "L"),
        ("fuel_to_responders_l", "部隊への燃料（累計）", "fuel to responders so far", "L", "L"),
        ("ambulance_patients_waiting", "救急車待ちの患者", "patients waiting for an ambulance", "人", "people"),
        ("ambulance_runs", "救急出動（累計）", "ambulance runs so far", "件", "runs"),
        ("search_negatives", "空振りの捜索（累計）", "empty searches so far", "件", "searches"),
        ("goods_under_way_m3", "輸送中の物資", "goods under way", "m³", "m³"),
        ("responder_fuel", "部隊の手持ち燃料", "responders' fuel at hand", "L", "L"),
        ("scouting_orders", "偵察の指示（累計）", "scouting orders so far", "件", "orders"),
        ("sdf_personnel", "自衛隊の派遣規模", "Self-Defence Force strength", "人", "people"),
        ("fire_aid_personnel", "緊急消防援助隊の規模", "fire aid teams' strength", "人", "people"),
        ("buildings_flooded", "床上浸水", "flooded above the floor", "棟", "buildings"),
        ("buildings_washed", "流失", "washed away", "棟", "buildings"),
        ("levees_breached", "決壊した堤防・防潮堤", "levees and sea walls breached", "か所", "segments"),
        ("flooded_area_m2", "浸水面積", "flooded ground", "km²", "km²"),
        ("roads_flooded", "冠水した幹線区間", "trunk-road sections under water", "区間", "sections"),
        ("pumps_stopped", "停止した排水機場", "drainage pumps stopped", "か所", "stations"),
        ("gates_open", "開いたままの陸閘・水門", "gates standing open", "か所", "gates"),
        ("contracts_cut_by_water", "浸水で引込みが使えない", "connections drowned", "戸", "contracts"),
        ("deaths_water", "死者（津波・洪水）", "deaths by water", "人", "people"),
        ("deaths_water_on_way", "うち避難の途中", "of these on their way", "人", "people"),
        ("deaths_water_expected", "死者（津波・洪水）の期待値", "expected deaths by water", "人", "people"),
        ("stranded_persons", "浸水で孤立した人", "people stranded by water", "人", "people"),
        ("stranded_waiting", "救出待ちの孤立者（覚知）", "stranded people known and waiting", "人", "people"),
        ("lifted_persons", "舟艇・ヘリで救出（累計）", "fetched by boat or helicopter", "人", "people"),
        (
            "evacuees_aged_65_in_shelters",
            "避難所の65歳以上（推計）",
            "people aged 65+ in shelters (derived)",
            "人",
            "people",
        ),
        ("evacuees_aged_65_in_cars", "車中泊の65歳以上（推計）", "people aged 65+ in cars (derived)", "人", "people"),
        ("evacuees_fleeing_slow", "避難中の歩行が遅い世帯の人", "slow households on their way", "人", "people"),
        ("people_caught_slow", "水に追いつかれた歩行が遅い世帯の人", "slow households caught by water", "人", "people"),
        (
            "care_home_persons_caught",
            "水に追いつかれた施設入所者",
            "care-home residents caught by water",
            "人",
            "people",
        ),
        ("patients_airlifted", "航空搬送した重症患者", "severe patients flown out", "人", "people"),
        ("deaths_aged_65", "死者のうち65歳以上", "deaths aged 65+", "人", "people"),
        ("deaths_related_aged_65", "災害関連死のうち65歳以上", "disaster-related deaths aged 65+", "人", "people"),
        ("deaths_related_in_shelters", "災害関連死のうち避難所", "disaster-related deaths in shelters", "人", "people"),
        ("deaths_related_in_cars", "災害関連死のうち車中泊", "disaster-related deaths in cars", "人", "people"),
        ("trapped_aged_65", "要救助者のうち65歳以上", "trapped people aged 65+", "人", "people"),
        ("injured_severe_aged_65", "重傷者のうち65歳以上", "severely hurt aged 65+", "人", "people"),
        (
            "ill_in_shelters_expected",
            "避難所の体調不良者の期待値",
            "expected number of ill in shelters",
            "人",
            "people",
        ),
        ("ill_in_cars_expected", "車中泊の体調不良者の期待値", "expected number of ill in cars", "人", "people"),
        (
            "ill_dependent_expected",
            "電源・酸素・透析が途絶えた人の期待値",
            "expected ill for lack of power, oxygen, dialysis",
            "人",
            "people",
        ),
        (
            "dependent_persons",
            "電源・酸素・透析が必要な人（推計）",
            "people who need power, oxygen or dialysis (derived)",
            "人",
            "people",
        ),
        (
            "dependent_without_power_persons",
            "電源の切れた医療機器の利用者（推計）",
            "device users without power (derived)",
            "人",
            "people",
        ),
        (
            "dependent_without_dialysis_persons",
            "透析を受けられない人（推計）",
            "dialysis patients overdue (derived)",
            "人",
            "people",
        ),
        ("sent_crews", "指示で派遣した消防隊", "fire crews sent by order", "隊", "crews"),
        ("sent_teams_crews", "指示で派遣した医療チーム", "medical teams sent by order", "チーム", "teams"),
        ("airlift_helicopters", "患者搬送に充てたヘリ", "helicopters for patients", "機", "helicopters"),
        ("evacuees_fleeing", "避難中の人", "people fleeing now", "人", "people"),
        ("evacuees_in_refuges", "高台・避難ビルの人", "people in refuges and on high ground", "人", "people"),
        ("people_caught", "水に追いつかれた人（累計）", "caught by water on their way", "人", "people"),
        ("care_home_persons_moved", "避難した施設入所者（累計）", "care-home residents moved", "人", "people"),
        ("flood_call", "避難情報（警戒レベル）", "call for evacuation (level)", "", ""),
        ("residents_ordered", "避難指示の対象", "residents ordered to leave", "人", "people"),
        ("water_depth_m", "浸水深", "depth of water", "m", "m"),
        ("levee_level_m", "堤防での水位", "water level at the levee", "m", "m"),
        ("water_max_depth_m", "最大浸水深", "largest depth of water", "m", "m"),
        ("levee_settlement_m", "堤防の沈下", "settlement of the levee", "m", "m"),
    )
}

# quantities shown in a larger unit: what their values are divided by
SHOWN_PER = {"flooded_area_m2": 1e6}

LAYERS: dict[str, Both] = {
    "hazard": Both("気象・地盤", "hazard"),
    "damage": Both("地表・建物", "damage"),
    "infrastructure": Both("インフラ", "infrastructure"),
    "people": Both("人", "people"),
    "evacuation": Both("避難", "evacuation"),
    "logistics": Both("物資", "logistics"),
    "rescue": Both("救助", "rescue"),
    "government": Both("行政", "government"),
}

SOURCES: dict[str, Both] = {"cabinet": Both("内閣府", "Cabinet Office"), "pref": Both("県", "prefecture")}

LABELS: dict[str, Both] = {
    "real": Both("実データ", "real"),
    "derived": Both("加工", "derived"),
    "synthetic": Both("合成", "synthetic"),
}

STATUSES: dict[str, Both] = {
    "unverified": Both("未検証", "unverified"),
    "calibrated": Both("この災害に合わせて調整", "calibrated to this event"),
    "assumed": Both("仮定", "assumed"),
}

MEASURES: dict[str, Both] = {
    "rms_of_peak": Both("RMS誤差／最大", "RMS error / peak"),
    "factor": Both("最大の倍率", "largest ratio"),
    "count": Both("区間数の差", "sections apart"),
}

BASELINES: dict[str, Both] = {
    "persistence": Both("直前の値のまま", "persistence"),
    "best_constant": Both("最良の一定値（後知恵）", "best constant (hindsight)"),
    "kobe_1995_curve": Both("神戸1995の復旧曲線", "Kobe 1995 curve"),
}

LOOPS_JA: dict[str, str] = {
    "a": "停電した施設は、自ら要請した電源車を待つ",
    "b": "発電機は燃料を、給油所は電気を必要とする",
    "c": "部隊は、自らが通る道路を啓開する",
    "d": "水道管の破損で消火栓が使えず、火災が長引く",
    "e": "消火と救助が同じ隊を分け合う",
    "f": "待つ間に閉じ込められた人の容体が悪化する",
    "g": "家族の車が渋滞をつくり、救助を遅らせる",
    "h": "避難所運営が、避難所を開く職員を使い切る",
    "i": "避難者数の報告が物資を決め、物資が滞在を左右する",
    "j": "連絡のない町へ偵察が向かい、報告が生まれる",
    "k": "登庁できた職員が、自分たちも使う避難所を開く",
    "l": "応援部隊は持ち込んだ燃料を使い果たす",
    "m": "避難所で体調を崩し、転院が避難所を変える",
    "n": "停電が避難所を満たし、満員の避難所が復旧順位を上げる",
    "p": "排水機場が低地を守り、その排水機場も水に沈む",
    "q": "高い川が堤防を切り、決壊が川を下げて町を浸す",
    "r": "通れる道で偵察先が決まり、偵察で開く道が決まる",
    "s": "報告された人数が発注を、食事が避難所の滞在を決める",
}


def quantity_name(quantity: str) -> Both:
    """Name of a quantity; unknown ones are shown by their key."""
    known = QUANTITIES.get(quantity)
    return known[0] if known else Both(quantity, quantity)


def unit_name(quantity: str, unit: str = "1") -> Both:
    """Unit of a quantity as people count it."""
    known = QUANTITIES.get(quantity)
    return known[1] if known else UNITS.get(unit, Both(unit, unit))


def source_name(label: str) -> Both:
    """Name of the source behind an `observed:<source>` label."""
    key = label.removeprefix("observed:")
    return SOURCES.get(key, Both(key, key))
