"""The vocabulary of drugs: names, brands, sponsor codes, other languages' spellings, and regimens.

A new name is one more word in this table. Regimens: Rubinstein et al., doi:10.1200/CCI.19.00122.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DARATUMUMAB: Final = "daratumumab"
ISATUXIMAB: Final = "isatuximab"


def _split(words: str) -> tuple[str, ...]:
    return tuple(words.split())


@dataclass(frozen=True, slots=True)
class Agent:
    """A drug, and its other names, split by `;`; `against_cd38`: its doses cover CD38."""

    name: str
    names: str = ""
    against_cd38: bool = False


AGENTS: Final = (
    Agent(
        DARATUMUMAB,
        "dara; darzalex; darzalex faspro; darzquro; darzaleks; darza; JNJ-54767414; 54767414; HuMax-CD38; "
        "daratumumab hyaluronidase; faspro; HLX15; CT-P44; L01FC01; L01XC24; 945721-28-8; DB09331; "
        "даратумумаб; дарзалекс; "
        "δαρατουμουμάμπη; דרטומומאב; داراتوموماب; دراتوموماب; 达雷妥尤单抗; 达雷木单抗; 達雷木單抗; "
        "達雷妥尤單抗; 達雷妥尤单抗; "
        "兆珂; 兆珂速; ダラツムマブ; ダラザレックス; ダラキューロ; 다라투무맙; 다잘렉스",
        against_cd38=True,
    ),
    Agent(
        ISATUXIMAB,
        "isa; sarclisa; sarklisa; SAR650984; 650984; hu38SB19; L01FC02; L01XC38; 1461640-62-9; DB14811; "
        "izatuksimab; izatuksymab; isatuksimab; изатуксимаб; исатуксимаб; сарклиса; ισατουξιμάμπη; "
        "إيساتوكسيماب; איסטוקסימאב; 艾沙妥昔单抗; 艾沙妥昔單抗; 伊沙妥昔單抗; 伊沙妥昔单抗; "
        "赛可益; イサツキシマブ; サークリサ; "
        "이사툭시맙; 살클리사",
        against_cd38=True,
    ),
    Agent("felzartamab", "MOR202; MOR-03087; TJ202; HIB202; felza; 菲泽妥单抗", against_cd38=True),
    Agent("mezagitamab", "TAK-079; TAK-79; TAK079", against_cd38=True),
    Agent("modakafusp alfa", "modakafusp; TAK-573", against_cd38=True),
    Agent("erzotabart", "GEN3014; HexaBody-CD38", against_cd38=True),
    Agent("SAR442085", against_cd38=True),
    Agent("SAR442257", against_cd38=True),
    Agent("TAK-169", against_cd38=True),
    Agent("CID-103", against_cd38=True),
    Agent("ISB 1342", "GBR 1342", against_cd38=True),
    Agent("ISB 2001", against_cd38=True),
    Agent("AMG 424", "XmAb 13551", against_cd38=True),
    Agent("STI-6129", against_cd38=True),
    Agent("ISB 1442", against_cd38=True),
    Agent("CM313", against_cd38=True),
    Agent("SG301", against_cd38=True),
    Agent("TNB-738", against_cd38=True),
    Agent("XmAb968", against_cd38=True),
    Agent("FTL004", against_cd38=True),
    Agent("Y150", against_cd38=True),
    Agent("lenalidomide", "revlimid; len; lena; rev; CC-5013; ревлимид; 来那度胺; レナリドミド; レブラミド"),
    Agent("pomalidomide", "pomalyst; imnovid; pom; poma; CC-4047; ポマリドミド; ポマリスト; 泊马度胺"),
    Agent("thalidomide", "thalomid; thal; talidomid; talidomida; サリドマイド; 沙利度胺"),
    Agent("iberdomide", "CC-220; iber"),
    Agent("mezigdomide", "CC-92480; mezi; BMS-986348"),
    Agent(
        "bortezomib", "velcade; vel; bor; bort; btz; PS-341; велкейд; 硼替佐米; ボルテゾミブ; ベルケイド"
    ),
    Agent("carfilzomib", "kyprolis; carf; cfz; PR-171; кипролис; カルフィルゾミブ; カイプロリス; 卡非佐米"),
    Agent("ixazomib", "ninlaro; ixa; ixaz; MLN9708; MLN2238; нинларо; イキサゾミブ; ニンラーロ; 伊沙佐米"),
    Agent("marizomib", "NPI-0052; salinosporamide A"),
    Agent("oprozomib", "ONX 0912"),
    Agent("elotuzumab", "empliciti; elo; HuLuc63; BMS-901608; エロツズマブ; エムプリシティ"),
    Agent("belantamab mafodotin", "belantamab; blenrep; belamaf; bela; GSK2857916"),
    Agent("teclistamab", "tecvayli; tec; JNJ-64007957"),
    Agent("talquetamab", "talvey; tal; JNJ-64407564"),
    Agent("elranatamab", "elrexfio; elra; PF-06863135"),
    Agent("linvoseltamab", "lynozyfic; REGN5458"),
    Agent("cevostamab", "RG6160; BFCR4350A"),
    Agent("alnuctamab", "CC-93269"),
    Agent("idecabtagene vicleucel", "ide-cel; abecma; bb2121; idecabtagene"),
    Agent("ciltacabtagene autoleucel", "cilta-cel; carvykti; ciltacabtagene; JNJ-68284528; JNJ-4528"),
    Agent("anitocabtagene autoleucel", "anito-cel"),
    Agent("selinexor", "xpovio; nexpovio; sel; KPT-330"),
    Agent("venetoclax", "venclexta; venclyxto; ven; ABT-199"),
    Agent("sonrotoclax", "BGB-11417"),
    Agent("panobinostat", "farydak; pano; LBH589"),
    Agent("vorinostat", "zolinza"),
    Agent("melphalan flufenamide", "melflufen; pepaxto; pepaxti"),
    Agent("melphalan", "alkeran; evomela; mel; HDM; мелфалан"),
    Agent("bendamustine", "treanda; levact; ribomustin; benda; bendeka"),
    Agent("cyclophosphamide", "cytoxan; endoxan; cyclo; cyc; cy; ctx; ciclofosfamida; cyclophosphamid"),
    Agent(
        "dexamethasone",
        "dex; dexa; dxm; dxms; dexametasona; desametasone; deksametazon; decadron; neofordex; hemady",
    ),
    Agent("prednisone", "pred; prednison; prednisona; deltasone; decortin"),
    Agent("prednisolone", "prednisolon; decortin h"),
    Agent("methylprednisolone", "medrol; solumedrol; urbason; methylpred"),
    Agent("hydrocortisone", "cortisol; solucortef"),
    Agent("doxorubicin", "adriamycin; doxil; caelyx; doxo; liposomal doxorubicin"),
    Agent("vincristine", "oncovin; vcr"),
    Agent("etoposide", "vepesid; VP-16"),
    Agent("cisplatin", "cddp"),
    Agent("carmustine", "bcnu"),
    Agent("dacarbazine", "DTIC"),
    Agent("docetaxel", "DTX; taxotere"),
    Agent("busulfan", "busulfex"),
    Agent("fludarabine", "fludara"),
    Agent("cytarabine", "ara-c; alexan"),
    Agent("interferon", "interferon alfa; IFN"),
    Agent("clarithromycin", "biaxin"),
    Agent("denosumab", "xgeva; prolia"),
    Agent("zoledronic acid", "zometa; zoledronate; zoledronat"),
    Agent("pamidronate", "aredia; pamidronic acid"),
    Agent("rituximab", "mabthera; rituxan"),
    Agent("cetuximab", "erbitux"),
    Agent("amatuximab"),
    Agent("siltuximab", "sylvant"),
    Agent("dinutuximab", "unituxin"),
    Agent("dacetuzumab", "SGN-40"),
    Agent("durvalumab", "imfinzi"),
    Agent("darolutamide", "nubeqa"),
    Agent("darbepoetin", "aranesp; darbepoetin alfa; darbe"),
    Agent("darunavir", "prezista"),
    Agent("tafasitamab", "MOR208; monjuvi; minjuvi"),
    Agent("ofatumumab", "arzerra; HuMax-CD20; kesimpta"),
    Agent("tocilizumab", "actemra; roactemra"),
    Agent("pembrolizumab", "keytruda; pembro"),
    Agent("nivolumab", "opdivo; nivo"),
    Agent("atezolizumab", "tecentriq; atezo"),
    Agent("isavuconazole", "isavuconazonium; cresemba"),
    Agent("immunoglobulin", "IVIG; IgG infusion"),
    Agent("aciclovir", "acyclovir; zovirax"),
    Agent("valaciclovir", "valacyclovir; valtrex"),
    Agent("paracetamol", "acetaminophen; tylenol"),
    Agent("diphenhydramine", "benadryl"),
    Agent("montelukast", "singulair"),
    Agent("filgrastim", "G-CSF; neupogen; pegfilgrastim"),
    Agent("plerixafor", "mozobil"),
    Agent("stem cell transplant", "ASCT; SCT; autologous transplant; auto-SCT; HSCT; HDM-ASCT; transplant"),
    Agent("radiotherapy", "radiation; RT; XRT"),
    Agent("plasmapheresis", "plasma exchange"),
    Agent("CAR T cells", "CAR-T; CART"),
    *(
        Agent(name)
        for name in _split(
            "aspirin apixaban rivaroxaban enoxaparin dalteparin allopurinol rasburicase cotrimoxazole "
            "levofloxacin fluconazole posaconazole omeprazole pantoprazole ondansetron granisetron epoetin "
            "gabapentin pregabalin entecavir famotidine ibuprofen loperamide loratadine cetirizine furosemide"
        )
    ),
)  # fmt: skip
"""Every known drug. A name that is not listed here and not similar to any counts as another drug."""

_LETTERS: Final = {
    "R": "lenalidomide", "V": "bortezomib", "K": "carfilzomib", "P": "pomalidomide", "T": "thalidomide",
    "C": "cyclophosphamide", "I": "ixazomib", "E": "elotuzumab", "M": "melphalan", "X": "selinexor",
    "S": "selinexor", "B": "belantamab mafodotin", "d": "dexamethasone", "p": "prednisone",
}  # fmt: skip
"""The drugs that the letters of a regimen mean. I is ixazomib, never isatuximab."""

_BACKBONES: Final = _split(
    "R V K P T d Rd Vd Kd Pd Td Cd Id VTd VCd VRd RVd KRd RKd KCd KTd KPd KVd VKd PVd VPd PCd CPd TCd CTd "
    "RCd CRd CVd VMp MVp VRMp RVMp VMpT Mp MpT MpR RMp CTVd VRCd IRd RId IPd ICd ITd IVd ERd EPd EVd EVRd "
    "ERVd EKd EKRd XVd XPd XKd XRd SVd SPd SKd SRd BVd BPd BRd BVRd VRp Rp Pp Cp Vp VCp IRp"
)
_CHEMOTHERAPIES: Final = _split(
    "DCEP DPACE PACE DTPACE VDTPACE KDPACE KRDPACE VTDPACE VAD PAD DHAP BEAM VBMCP HDMEL"
)
_WORDS_OF_BACKBONES: Final = {
    "CyBorD": "VCd", "CyBor": "VCd", "CyBorDex": "VCd", "VelDex": "Vd", "BorDex": "Vd", "LenDex": "Rd",
    "RevDex": "Rd", "PomDex": "Pd", "CarDex": "Kd", "CarfDex": "Kd", "KDex": "Kd", "RDex": "Rd", "VDex": "Vd",
    "PDex": "Pd", "TDex": "Td", "IxaRd": "IRd", "IxaLenDex": "IRd", "IxaPd": "IPd", "EloRd": "ERd",
    "EloPd": "EPd", "KCyd": "KCd", "PCyD": "PCd", "BorLenDex": "VRd", "LenBorDex": "VRd", "VelRevDex": "VRd",
    "RevVelDex": "VRd", "CyBorP": "VCp",
}  # fmt: skip
ALONE: Final = ("R", "V", "K", "P", "T", "d", "Cp", "Pp")
"""Backbones that are a regimen only after the letter or the name of an antibody: `D-R`, never `R`."""

TRIALS: Final = {
    **dict.fromkeys(
        _split(
            "maia pollux castor alcyone cassiopeia perseus cepheus griffin candor apollo columba "
            "auriga aquila andromeda sirius gen501 lyra equuleus pavo pleiades lynx octans lepus "
            "centaurus master drammatic s1803 optimum muknine gem2017fit ifm201703 ifm201804 emn17 "
            "majestec3 majestec7 monumental3 trimm2"
        ),
        DARATUMUMAB,
    ),
    **dict.fromkeys(
        _split(
            "icaria icariamm ikema imroz iraklia iskia hd7 hd8 gmmghd7 gmmghd8 midas ifm202002 "
            "benefit ifm202005 radar emn24 concept gmmgconcept ithaca"
        ),
        ISATUXIMAB,
    ),
}
"""Trials in which one arm got the antibody. The name of a trial does not say what a patient got."""

TWO_INHIBITORS: Final = dict.fromkeys(_split("ivrd irvd ikd ikrd irkd ivcd ivd ivtd ikcd ivmp"), ISATUXIMAB)
"""Regimens in which I beside another proteasome inhibitor is probably isatuximab, not ixazomib."""

SUBCUTANEOUS: Final = frozenset(
    _split(
        "sc subcut subcutaneous subcutaneously subq sq subkutan faspro hyaluronidase darzquro coformulated "
        "rhuph20 subcutanea subcutaneo souscutane souscutanee sottocutaneo sottocutanea obds onderhuids "
        "皮下注 皮下注射 皮下注射液 配合皮下注 피하주사 피하주"
    )
)
INTRAVENOUS: Final = frozenset(
    _split(
        "iv intravenous intravenously intravenos intravenoes intravenosa intravenoso intraveineux "
        "intraveineuse endovenosa endovenoso ev perfusion infusion infusie infuus "
        "点滴静注 点滴靜注 静注 静脈注射 静脉注射 静脉滴注 정맥주사"
    )
)
OTHER_FORMS: Final = frozenset(
    _split(
        "mg kg mgkg flat dose doses fixed injection inj solution concentrate monotherapy mono mab single "
        "agent human igg1k maintenance induction consolidation loading split cycle day week c weekly "
        "biweekly monthly qw q1w q2w q3w q4w antibody therapy treatment standard of care soc cd38 anti first "
        "second third last full vial given drug study maint bolus fix zyklus tag gabe erstgabe "
        "injektion erhaltung erhaltungstherapie monotherapie monoterapia ciclo cycles "
        "注射液 注射 注射剤 注射用 遺伝子組換え 주사 주사액"
    )
)
"""Words beside a drug's name that say how the drug was given. They say neither which drug, nor whether it was
given."""

CONNECTORS: Final = frozenset(
    _split("and with plus und mit et avec y con e com og och met w in combination the")
)

NO_SUFFIXES: Final = frozenset(
    _split(
        "free post none hold held stop last with plus skip miss over like only then week days arms loss from "
        "were dose gave wait when next else each done late left lost mono anti cell test"
    )
)
"""Words of four letters that are not the suffix of a biosimilar: `daratumumab-free` is not daratumumab."""

STEMS_OF_OTHERS: Final = _split(
    "tinib ciclib parib zomib platin rubicin taxel mustine vir azole fungin mycin micin cillin oxacin "
    "cycline penem bactam prazole tidine setron sartan pril olol dipine statin gliptin gliflozin xaban "
    "gatran parin grel profen coxib triptan caine dronate poetin grastim leucel semide thiazide terol"
)
"""Endings of international names of drugs that are not antibodies (stem book of the World Health
Organization, 2018). A name with such an ending is another drug, even if it is not listed: dasatinib."""

WITH_BISPECIFICS: Final = {
    "TecD": ("teclistamab", DARATUMUMAB), "TecDR": ("teclistamab", DARATUMUMAB, "lenalidomide"),
    "TalD": ("talquetamab", DARATUMUMAB), "TalDP": ("talquetamab", DARATUMUMAB, "pomalidomide"),
    "DTal": (DARATUMUMAB, "talquetamab"),
    "DTec": (DARATUMUMAB, "teclistamab"),
    "DTecR": (DARATUMUMAB, "teclistamab", "lenalidomide"),
    "VenDd": ("venetoclax", DARATUMUMAB, "dexamethasone"),
    "VenDVd": ("venetoclax", DARATUMUMAB, "bortezomib", "dexamethasone"),
    "DVenDex": (DARATUMUMAB, "venetoclax", "dexamethasone"),
    "DVend": (DARATUMUMAB, "venetoclax", "dexamethasone"),
    "SDd": ("selinexor", DARATUMUMAB, "dexamethasone"),
    "XDd": ("selinexor", DARATUMUMAB, "dexamethasone"),
    "SelDd": ("selinexor", DARATUMUMAB, "dexamethasone"),
    "IberDd": ("iberdomide", DARATUMUMAB, "dexamethasone"),
    "MeziDd": ("mezigdomide", DARATUMUMAB, "dexamethasone"),
}  # fmt: skip
"""Regimens in which D is daratumumab although it follows another drug, or precedes one without a letter."""


def regimens() -> dict[str, tuple[str, ...]]:
    """Return the drugs of each regimen without an antibody, such as `VRd`."""
    drugs_of = {name: _drugs_of(name) for name in _BACKBONES}
    drugs_of |= {name: _drugs_of(letters) for name, letters in _WORDS_OF_BACKBONES.items()}
    return drugs_of


def chemotherapies() -> tuple[str, ...]:
    """Return the names of chemotherapy regimens; the D in them is dexamethasone."""
    return tuple(_CHEMOTHERAPIES)


def _drugs_of(letters: str) -> tuple[str, ...]:
    return tuple(_LETTERS[letter] for letter in letters)
