//! Letters as agencies write them, in Bokmål, Nynorsk and English: patterns, and words that fill them. Common words are in
//! nearly every letter, street and family names in some, case numbers in one.

use super::chance::Chance;
use crate::domain::content::{ContentValue, Localization, Localized};

/// The same in Bokmål, Nynorsk and English.
type Said = [&'static str; 3];
/// Language codes in the order in which texts are stored, with their place in [`Said`].
const LANGUAGES: [(&str, usize); 3] = [("en", 2), ("nb", 0), ("nn", 1)];

/// What letters of one kind say.
pub(super) struct Theme {
    titles: [Said; 2],
    summaries: [Said; 2],
    tag: &'static str,
    /// Of the button.
    action: Said,
}

#[rustfmt::skip] // a text a line
pub(super) static THEMES: [Theme; 14] = [
    Theme {
        titles: [
            ["Skatteoppgjøret for {year} er klart", "Skatteoppgjeret for {year} er klart", "Your tax settlement for {year} is ready"],
            ["Varsel om endring av skatten for {year}", "Varsel om endring av skatten for {year}", "Notice of a change to your tax for {year}"],
        ],
        summaries: [
            ["Du får {amount} kroner tilbake. Pengene utbetales innen {date}.", "Du får {amount} kroner tilbake. Pengane blir utbetalte innan {date}.", "You are refunded NOK {amount}. The money is paid by {date}."],
            ["Se over tallene og svar innen {date} hvis noe mangler.", "Sjå over tala og svar innan {date} om noko manglar.", "Check the figures and answer by {date} if anything is missing."],
        ],
        tag: "skatt",
        action: ["Se oppgjøret", "Sjå oppgjeret", "See the settlement"],
    },
    Theme {
        titles: [
            ["Svar på søknad om barnehageplass i {municipality}", "Svar på søknad om barnehageplass i {municipality}", "Answer to your application for kindergarten in {municipality}"],
            ["Søknad om barnehageplass er mottatt", "Søknad om barnehageplass er motteken", "Your application for kindergarten is received"],
        ],
        summaries: [
            ["Barnet har fått plass i {street} barnehage fra {date}. Ta imot eller avslå plassen.", "Barnet har fått plass i {street} barnehage frå {date}. Ta imot eller avslå plassen.", "The child is offered a place in {street} kindergarten from {date}. Accept or decline the place."],
            ["Vi behandler søknaden i saken {case} og svarer innen {date}.", "Vi behandlar søknaden i saka {case} og svarar innan {date}.", "We consider the application in case {case} and answer by {date}."],
        ],
        tag: "barnehage",
        action: ["Svar på tilbudet", "Svar på tilbodet", "Answer the offer"],
    },
    Theme {
        titles: [
            ["Byggesak i {street} {house}: mangler i søknaden", "Byggesak i {street} {house}: manglar i søknaden", "Building permit for {street} {house}: the application is incomplete"],
            ["Vedtak i byggesak {case}", "Vedtak i byggjesak {case}", "Decision on building permit {case}"],
        ],
        summaries: [
            ["Kommunen trenger tegninger og nabovarsel for tiltaket. Send dem innen {date}.", "Kommunen treng teikningar og nabovarsel for tiltaket. Send dei innan {date}.", "The municipality needs drawings and the notice to neighbours. Send them by {date}."],
            ["Rammetillatelse er gitt for garasje og tilbygg i {street}. Gebyret er {amount} kroner.", "Rammeløyve er gjeve for garasje og tilbygg i {street}. Gebyret er {amount} kroner.", "A general permission is given for garage and extension in {street}. The fee is NOK {amount}."],
        ],
        tag: "byggesak",
        action: ["Send dokumentasjon", "Send dokumentasjon", "Send documents"],
    },
    Theme {
        titles: [
            ["Søknad om sykepenger for {month} {year}", "Søknad om sjukepengar for {month} {year}", "Sickness benefit for {month} {year}"],
            ["Vi trenger opplysninger fra arbeidsgiver", "Vi treng opplysningar frå arbeidsgjevar", "We need information from the employer"],
        ],
        summaries: [
            ["Sykemeldingen fra lege {surname} er mottatt. Søk om sykepenger når perioden er over.", "Sjukmeldinga frå lege {surname} er motteken. Søk om sjukepengar når perioden er over.", "The certificate from doctor {surname} is received. Apply for the benefit when the period is over."],
            ["Send inntektsmelding for den ansatte innen {date}, ellers kan utbetalingen bli forsinket.", "Send inntektsmelding for den tilsette innan {date}, elles kan utbetalinga bli forseinka.", "Send the income statement of the employee by {date}, or the payment may be delayed."],
        ],
        tag: "sykepenger",
        action: ["Gå til søknaden", "Gå til søknaden", "Go to the application"],
    },
    Theme {
        titles: [
            ["Mva-melding for {term}. termin {year}", "Mva-melding for {term}. termin {year}", "VAT return for term {term}, {year}"],
            ["Purring: mva-meldingen er ikke levert", "Purring: mva-meldinga er ikkje levert", "Reminder: the VAT return is not submitted"],
        ],
        summaries: [
            ["Meldingen er mottatt. Beløp å betale er {amount} kroner, med frist {date}.", "Meldinga er motteken. Beløp å betale er {amount} kroner, med frist {date}.", "The return is received. NOK {amount} is to be paid by {date}."],
            ["Lever meldingen snarest. Tvangsmulkt løper fra {date}.", "Lever meldinga snarast. Tvangsmulkt løper frå {date}.", "Submit the return as soon as possible. A daily fine runs from {date}."],
        ],
        tag: "mva",
        action: ["Åpne meldingen", "Opne meldinga", "Open the return"],
    },
    Theme {
        titles: [
            ["Årsregnskapet for {year} er mottatt", "Årsrekneskapen for {year} er motteken", "The annual accounts for {year} are received"],
            ["Signer årsregnskapet for {year}", "Signer årsrekneskapen for {year}", "Sign the annual accounts for {year}"],
        ],
        summaries: [
            ["Regnskapet er registrert med referanse {case}. Kunngjøringen skjer innen {date}.", "Rekneskapen er registrert med referanse {case}. Kunngjeringa skjer innan {date}.", "The accounts are registered with reference {case} and are published by {date}."],
            ["Styret må signere før innsending. {given} {surname} har fylt ut skjemaet.", "Styret må signere før innsending. {given} {surname} har fylt ut skjemaet.", "The board signs before submission. {given} {surname} has filled in the form."],
        ],
        tag: "regnskap",
        action: ["Signer", "Signer", "Sign"],
    },
    Theme {
        titles: [
            ["Innkalling til time ved {municipality} sykehus", "Innkalling til time ved {municipality} sjukehus", "Appointment at {municipality} hospital"],
            ["Endret time hos spesialist", "Endra time hos spesialist", "Your appointment with the specialist is moved"],
        ],
        summaries: [
            ["Du har time {date} hos overlege {surname}. Møt femten minutter før.", "Du har time {date} hos overlege {surname}. Møt femten minutt før.", "You have an appointment on {date} with doctor {surname}. Come fifteen minutes before."],
            ["Timen er flyttet til {date}. Gi beskjed om tidspunktet ikke passer.", "Timen er flytta til {date}. Gje beskjed om tidspunktet ikkje passar.", "The appointment is moved to {date}. Tell us if the time does not suit you."],
        ],
        tag: "helse",
        action: ["Bekreft timen", "Stadfest timen", "Confirm the appointment"],
    },
    Theme {
        titles: [
            ["Parkeringsgebyr i {street}", "Parkeringsgebyr i {street}", "Parking fine in {street}"],
            ["Klage på gebyr {case} er avgjort", "Klage på gebyr {case} er avgjord", "Your complaint about fine {case} is decided"],
        ],
        summaries: [
            ["Kjøretøyet sto uten gyldig billett. Betal {amount} kroner innen {date}.", "Køyretøyet stod utan gyldig billett. Betal {amount} kroner innan {date}.", "The vehicle stood without a valid ticket. Pay NOK {amount} by {date}."],
            ["Klagen tas ikke til følge. Avgjørelsen kan bringes inn for nemnda.", "Klaga blir ikkje teken til følgje. Avgjerda kan bringast inn for nemnda.", "The complaint is not upheld. The decision may be taken to the tribunal."],
        ],
        tag: "parkering",
        action: ["Betal", "Betal", "Pay"],
    },
    Theme {
        titles: [
            ["Betalingsplan for studielånet", "Betalingsplan for studielånet", "Payment plan for your student loan"],
            ["Stipend for skoleåret {year} er innvilget", "Stipend for skuleåret {year} er innvilga", "A grant for the school year {year} is given"],
        ],
        summaries: [
            ["Neste termin er {amount} kroner og forfaller {date}. Du kan søke om utsettelse.", "Neste termin er {amount} kroner og forfell {date}. Du kan søkje om utsetjing.", "The next instalment is NOK {amount}, due {date}. You may apply for a deferral."],
            ["Du får {amount} kroner i måneden. Første utbetaling er {date}.", "Du får {amount} kroner i månaden. Første utbetaling er {date}.", "You get NOK {amount} a month. The first payment is on {date}."],
        ],
        tag: "studielån",
        action: ["Se planen", "Sjå planen", "See the plan"],
    },
    Theme {
        titles: [
            ["Eiendomsskatt {year} for {street} {house}", "Eigedomsskatt {year} for {street} {house}", "Property tax {year} for {street} {house}"],
            ["Faktura for kommunale avgifter, {municipality}", "Faktura for kommunale avgifter, {municipality}", "Invoice for municipal charges, {municipality}"],
        ],
        summaries: [
            ["Takstgrunnlaget er endret. Skatten er {amount} kroner, fordelt på fire terminer.", "Takstgrunnlaget er endra. Skatten er {amount} kroner, fordelt på fire terminar.", "The valuation has changed. The tax is NOK {amount} in four instalments."],
            ["Vann, avløp og renovasjon: {amount} kroner med forfall {date}.", "Vatn, avløp og renovasjon: {amount} kroner med forfall {date}.", "Water, sewage and waste: NOK {amount}, due {date}."],
        ],
        tag: "eiendom",
        action: ["Se fakturaen", "Sjå fakturaen", "See the invoice"],
    },
    Theme {
        titles: [
            ["Tilsyn ved virksomheten {date}", "Tilsyn ved verksemda {date}", "Inspection of your business on {date}"],
            ["Pålegg etter tilsyn, sak {case}", "Pålegg etter tilsyn, sak {case}", "Orders after the inspection, case {case}"],
        ],
        summaries: [
            ["Inspektør {surname} kommer. Ha verneombudet og planen for brannvern klar.", "Inspektør {surname} kjem. Ha verneombodet og planen for brannvern klar.", "Inspector {surname} will come. Have the safety representative and the fire plan ready."],
            ["Rett opp manglene ved ventilasjon og rømningsvei innen {date}.", "Rett opp manglane ved ventilasjon og rømmingsveg innan {date}.", "Mend the ventilation and the escape route by {date}."],
        ],
        tag: "tilsyn",
        action: ["Svar på pålegget", "Svar på pålegget", "Answer the order"],
    },
    Theme {
        titles: [
            ["Salgsmelding for kjøretøy er registrert", "Salsmelding for køyretøy er registrert", "The sale of your vehicle is registered"],
            ["Innkalling til periodisk kontroll", "Innkalling til periodisk kontroll", "Your vehicle is due for inspection"],
        ],
        summaries: [
            ["Ny eier er {given} {surname}. Omregistreringsavgiften er {amount} kroner.", "Ny eigar er {given} {surname}. Omregistreringsavgifta er {amount} kroner.", "The new owner is {given} {surname}. The registration fee is NOK {amount}."],
            ["Kontrollen må være godkjent innen {date}, ellers får kjøretøyet bruksforbud.", "Kontrollen må vere godkjend innan {date}, elles får køyretøyet bruksforbod.", "The inspection must be passed by {date}, or the vehicle may not be used."],
        ],
        tag: "kjøretøy",
        action: ["Godkjenn salget", "Godkjenn salet", "Approve the sale"],
    },
    Theme {
        titles: [
            ["Skjenkebevilling for {street} {house}", "Skjenkeløyve for {street} {house}", "Licence to serve alcohol at {street} {house}"],
            ["Fornyelse av bevilling i {municipality}", "Fornying av løyve i {municipality}", "Renewal of your licence in {municipality}"],
        ],
        summaries: [
            ["Styrer {given} {surname} må bestå kunnskapsprøven før vedtak.", "Styrar {given} {surname} må bestå kunnskapsprøva før vedtak.", "Manager {given} {surname} has to pass the test before a decision."],
            ["Omsetningsoppgaven mangler. Send den innen {date}; gebyret er {amount} kroner.", "Omsetnadsoppgåva manglar. Send henne innan {date}; gebyret er {amount} kroner.", "The statement of turnover is missing. Send it by {date}; the fee is NOK {amount}."],
        ],
        tag: "bevilling",
        action: ["Send oppgaven", "Send oppgåva", "Send the statement"],
    },
    Theme {
        titles: [
            ["Vigselsattest for {given} og {given2}", "Vigselsattest for {given} og {given2}", "Marriage certificate of {given} and {given2}"],
            ["Melding om flytting til {municipality}", "Melding om flytting til {municipality}", "Notice of your move to {municipality}"],
        ],
        summaries: [
            ["Attesten er utstedt {date} og kan lastes ned her.", "Attesten er skriven ut {date} og kan lastast ned her.", "The certificate was issued on {date} and can be downloaded here."],
            ["Ny adresse er {street} {house}. Valglokale og fastlege følger adressen.", "Ny adresse er {street} {house}. Vallokale og fastlege følgjer adressa.", "The new address is {street} {house}. Polling station and doctor follow the address."],
        ],
        tag: "folkeregister",
        action: ["Last ned", "Last ned", "Download"],
    },
];

/// What letters go on with.
#[rustfmt::skip] // a text a line
const SENTENCES: [Said; 12] = [
    ["Har du spørsmål, kan du svare i denne dialogen.", "Har du spørsmål, kan du svare i denne dialogen.", "If you have questions, answer in this dialog."],
    ["Saksbehandler er {given} {surname}.", "Sakshandsamar er {given} {surname}.", "Your case officer is {given} {surname}."],
    ["Oppgi saksnummer {case} når du kontakter oss.", "Gje opp saksnummer {case} når du kontaktar oss.", "Give case number {case} when you contact us."],
    ["Du kan klage på vedtaket innen tre uker.", "Du kan klage på vedtaket innan tre veker.", "You may complain about the decision within three weeks."],
    ["Vedtaket er gjort etter forvaltningsloven paragraf {house}.", "Vedtaket er gjort etter forvaltingslova paragraf {house}.", "The decision is made under section {house} of the administration act."],
    ["Innsyn i dokumentene gis ved oppmøte i {street} {house}, {municipality}.", "Innsyn i dokumenta blir gjeve ved frammøte i {street} {house}, {municipality}.", "The documents can be seen at {street} {house}, {municipality}."],
    ["Behandlingstiden er for tiden {house} dager.", "Handsamingstida er for tida {house} dagar.", "The processing time is {house} days at present."],
    ["Vi har lagt ved en oversikt over beregningen.", "Vi har lagt ved ei oversikt over utrekninga.", "An overview of the calculation is attached."],
    ["Opplysningene er hentet fra folkeregisteret og matrikkelen.", "Opplysningane er henta frå folkeregisteret og matrikkelen.", "The information comes from the population register and the land register."],
    ["Fullmakten må være signert av {given} {surname}.", "Fullmakta må vere signert av {given} {surname}.", "The authorisation has to be signed by {given} {surname}."],
    ["Forsinket betaling gir renter etter loven.", "Forseinka betaling gjev renter etter lova.", "Interest is due by law on late payments."],
    ["Kopi er sendt til {municipality} kommune.", "Kopi er send til {municipality} kommune.", "A copy is sent to the municipality of {municipality}."],
];

/// Names that stand beside a status of the owner's own.
#[rustfmt::skip] // a text a line
pub(super) const STATUSES: [Said; 20] = [
    ["Til behandling", "Til handsaming", "Being processed"],
    ["Venter på nabovarsel", "Ventar på nabovarsel", "Waiting for neighbours"],
    ["Hos kontrollør", "Hos kontrollør", "With an examiner"],
    ["Delvis innvilget", "Delvis innvilga", "Partly granted"],
    ["Innvilget", "Innvilga", "Granted"],
    ["Avslått", "Avslått", "Refused"],
    ["Under klagebehandling", "Under klagehandsaming", "Under appeal"],
    ["Sendt til betaling", "Send til betaling", "Sent for payment"],
    ["Betalt", "Betalt", "Paid"],
    ["Betalt for sent", "Betalt for seint", "Paid late"],
    ["Mangler vedlegg", "Manglar vedlegg", "Attachments missing"],
    ["Signert av én", "Signert av éin", "Signed by one"],
    ["Signert av alle", "Signert av alle", "Signed by all"],
    ["Trukket", "Trekt", "Withdrawn"],
    ["Henlagt", "Lagd bort", "Dropped"],
    ["Purret", "Purra", "Reminded"],
    ["Til inkasso", "Til inkasso", "In collection"],
    ["Avventer svar", "Ventar på svar", "Awaiting an answer"],
    ["Gjenåpnet", "Opna att", "Reopened"],
    ["Arkivert hos etaten", "Arkivert hos etaten", "Archived by the agency"],
];

const GIVEN: [&str; 32] = [
    "Anne", "Bjørn", "Camilla", "Dag", "Eirik", "Frida", "Geir", "Hanne", "Ingrid", "Jonas", "Kari", "Lars", "Marit",
    "Nils", "Ola", "Petter", "Ragnhild", "Silje", "Tor", "Unni", "Vegard", "Wenche", "Yngve", "Åse", "Øystein",
    "Astrid", "Brage", "Eline", "Gunnar", "Hilde", "Ivar", "Jorunn",
];
const SURNAMES: [&str; 48] = [
    "Aasen",
    "Bakke",
    "Berg",
    "Bråten",
    "Dahl",
    "Eide",
    "Engen",
    "Fjeld",
    "Foss",
    "Gran",
    "Grønli",
    "Hagen",
    "Halvorsen",
    "Haugen",
    "Hegge",
    "Holm",
    "Iversen",
    "Jenssen",
    "Kleven",
    "Knutsen",
    "Kvam",
    "Lie",
    "Lund",
    "Løken",
    "Moen",
    "Myhre",
    "Nes",
    "Nygård",
    "Nilsen",
    "Odden",
    "Pedersen",
    "Rød",
    "Sande",
    "Skog",
    "Solberg",
    "Strand",
    "Sunde",
    "Sæther",
    "Tangen",
    "Tveit",
    "Ulvund",
    "Vangen",
    "Vik",
    "Voll",
    "Ødegård",
    "Østby",
    "Åsen",
    "Ås",
];
const MUNICIPALITIES: [&str; 24] = [
    "Fjellvik",
    "Granlia",
    "Havnes",
    "Kaldfjord",
    "Lysøya",
    "Midtbygd",
    "Nordstrand",
    "Osdalen",
    "Rognli",
    "Sandnessjø",
    "Sørvåg",
    "Tindheim",
    "Ulvøy",
    "Vestmarka",
    "Ytterøy",
    "Ålvik",
    "Øvrebø",
    "Bjørkelia",
    "Drangedalen",
    "Elvestad",
    "Furuset",
    "Gjerdrum",
    "Hestnes",
    "Innset",
];
const STREETS: [&str; 40] = [
    "Almeveien",
    "Bakkegata",
    "Bjørnsons gate",
    "Dronningens gate",
    "Elvebakken",
    "Enerveien",
    "Fjordgata",
    "Furulia",
    "Granstien",
    "Hagegata",
    "Havnegata",
    "Heggeveien",
    "Idrettsveien",
    "Jernbanegata",
    "Kirkeveien",
    "Klokkerbakken",
    "Kvernveien",
    "Lindeallé",
    "Lyngveien",
    "Møllergata",
    "Myrveien",
    "Nedre gate",
    "Nordahls gate",
    "Ospelia",
    "Parkveien",
    "Prestegata",
    "Rognebakken",
    "Rosenborggata",
    "Sagveien",
    "Seljestien",
    "Sjøgata",
    "Skippergata",
    "Skolegata",
    "Solbakken",
    "Storgata",
    "Strandveien",
    "Torggata",
    "Tollbugata",
    "Vestre vei",
    "Øvre gate",
];
const MONTHS: [Said; 12] = [
    ["januar", "januar", "January"],
    ["februar", "februar", "February"],
    ["mars", "mars", "March"],
    ["april", "april", "April"],
    ["mai", "mai", "May"],
    ["juni", "juni", "June"],
    ["juli", "juli", "July"],
    ["august", "august", "August"],
    ["september", "september", "September"],
    ["oktober", "oktober", "October"],
    ["november", "november", "November"],
    ["desember", "desember", "December"],
];

pub(super) fn person_name(chance: &mut Chance) -> String {
    format!("{} {}", chance.pick(&GIVEN), chance.pick(&SURNAMES))
}

/// What one letter says wherever it names a person, a place or a sum.
pub(super) struct Letter {
    theme: &'static Theme,
    variant: usize,
    /// Places in [`LANGUAGES`].
    languages: Vec<usize>,
    year: i32,
    date: (u32, usize),
    case: String,
    names: [&'static str; 5],
    numbers: [u64; 3],
}

impl Letter {
    /// Of the dialog in this place, written in this year.
    pub fn draw(theme: &'static Theme, year: i32, place: u64, chance: &mut Chance) -> Self {
        let languages = match chance.below(10) {
            0..4 => vec![1],
            4..7 => vec![0, 1],
            7 => vec![2],
            _ => vec![0, 1, 2],
        };
        Self {
            theme,
            variant: chance.index(2),
            languages,
            year,
            date: (u32::try_from(1 + chance.below(28)).expect("a day"), chance.index(12)),
            case: format!("{year}/{place}"),
            names: [
                *chance.pick(&GIVEN),
                *chance.pick(&GIVEN),
                *chance.pick(&SURNAMES),
                *chance.pick(&MUNICIPALITIES),
                *chance.pick(&STREETS),
            ],
            numbers: [100 + chance.skewed(90_000, 2.0), 1 + chance.skewed(90, 1.5), 1 + chance.below(6)],
        }
    }

    pub fn title(&self) -> ContentValue {
        content("text/plain", self.said(&self.theme.titles[self.variant]))
    }

    pub fn summary(&self) -> ContentValue {
        content("text/plain", self.said(&self.theme.summaries[self.variant]))
    }

    pub fn tag(&self) -> &'static str {
        self.theme.tag
    }

    /// On a button.
    pub fn action(&self) -> Localized {
        self.said(&self.theme.action)
    }

    /// A title that tells no secrets.
    pub fn plain_title(&self) -> ContentValue {
        content("text/plain", self.said(&["Melding fra etaten", "Melding frå etaten", "A message from the agency"]))
    }

    pub fn more(&self, chance: &mut Chance) -> ContentValue {
        let sentences: Vec<&Said> = (0..2 + chance.below(4)).map(|_| chance.pick(&SENTENCES)).collect();
        let all = [0, 1, 2].map(|language| sentences.iter().map(|said| said[language]).collect::<Vec<_>>().join(" "));
        content("text/markdown", self.said(&[&all[0], &all[1], &all[2]]))
    }

    pub fn sentence(&self, chance: &mut Chance) -> Localized {
        self.said(chance.pick(&SENTENCES))
    }

    /// In each language of the letter, ascending by code.
    pub fn said(&self, said: &[&str; 3]) -> Localized {
        let text = |place: &usize| {
            let (code, language) = LANGUAGES[*place];
            Localization { language_code: code.into(), value: self.filled(said[language], language) }
        };
        self.languages.iter().map(text).collect()
    }

    fn filled(&self, pattern: &str, language: usize) -> String {
        let mut text = String::with_capacity(pattern.len() + 32);
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            let (word, after) = after.split_once('}').expect("patterns close what they open");
            text.push_str(before);
            self.push(word, language, &mut text);
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn push(&self, word: &str, language: usize, text: &mut String) {
        use std::fmt::Write as _;
        let [given, given2, surname, municipality, street] = self.names;
        let [amount, house, term] = self.numbers;
        let month = MONTHS[self.date.1][language];
        match word {
            "year" => write!(text, "{}", self.year),
            "date" if language == 2 => write!(text, "{} {month} {}", self.date.0, self.year),
            "date" => write!(text, "{}. {month} {}", self.date.0, self.year),
            "month" => text.write_str(month),
            "case" => text.write_str(&self.case),
            "given" => text.write_str(given),
            "given2" => text.write_str(given2),
            "surname" => text.write_str(surname),
            "municipality" => text.write_str(municipality),
            "street" => text.write_str(street),
            "amount" => write!(text, "{amount}"),
            "house" => write!(text, "{house}"),
            "term" => write!(text, "{term}"),
            other => unreachable!("no word is called {other}"),
        }
        .expect("writing into memory succeeds");
    }
}

fn content(media_type: &str, value: Localized) -> ContentValue {
    ContentValue { media_type: media_type.into(), value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_filled() {
        let mut chance = Chance::at(1, 1);
        for theme in &THEMES {
            for variant in 0..2 {
                let letter = Letter { variant, languages: vec![0, 1, 2], ..Letter::draw(theme, 2030, 17, &mut chance) };
                let mut texts = [letter.title().value, letter.summary().value, letter.said(&theme.action)].concat();
                texts.extend(SENTENCES.iter().flat_map(|said| letter.said(said)));
                assert!(texts.iter().all(|text| !text.value.contains(['{', '}']) && text.value.len() > 2));
                assert!(letter.title().value.is_sorted_by_key(|text| text.language_code.clone()));
                assert!(texts.iter().all(|text| text.value.chars().count() < 255), "{texts:?}");
            }
        }
    }
}
