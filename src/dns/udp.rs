//! Questions over UDP. A few sockets serve them all: a socket for each question, as resolvers in libraries do it, took most
//! of the time, and a file descriptor of PHP's each.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_resolver::net::NetError;
use hickory_resolver::proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Query};
use tokio::net::UdpSocket;
use tokio::sync::{OnceCell, oneshot};
use tokio::time::{self, Instant};

use crate::tables::HashMap;

/// How many sockets the questions to a server are spread over, one for each question at first. Each has a port that the
/// system chose at random, which makes answers harder to forge, and room for answers that come at once.
const SOCKETS: usize = 8;

/// When a question is sent again: datagrams get lost. The pause doubles each time.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// The largest answer that is read; questions ask for at most 1,232 bytes.
const LARGEST_ANSWER: usize = 4096;

/// The pause after the system said that something is wrong with a socket.
const AFTER_AN_ERROR: Duration = Duration::from_millis(20);

/// Questions to one server.
pub(super) struct Udp {
    server: SocketAddr,
    sockets: [OnceCell<Arc<Socket>>; SOCKETS],
    next: AtomicUsize,
}

struct Socket {
    udp: UdpSocket,
    open: Mutex<HashMap<u16, Open>>,
}

/// A question whose id is taken: until the one who asked has its answer, or does not wait for it any more.
struct Open {
    query: Query,
    /// Where the answer goes; nobody once it has come.
    answer: Option<oneshot::Sender<Result<DnsResponse, NetError>>>,
}

impl Open {
    fn answer(&mut self, answer: Result<DnsResponse, NetError>) {
        if let Some(asker) = self.answer.take() {
            // Who went away meanwhile needs none.
            let _ = asker.send(answer);
        }
    }
}

impl Udp {
    pub(super) fn new(server: SocketAddr) -> Self {
        Self { server, sockets: [const { OnceCell::const_new() }; SOCKETS], next: AtomicUsize::new(0) }
    }

    /// Asks, again where nothing comes, and gives the answer, truncated or not.
    pub(super) async fn ask(&self, query: Query, patience: Duration) -> Result<DnsResponse, NetError> {
        let end = Instant::now() + patience;
        let socket = self.socket().await?;
        let (question, mut answer) = Question::ask(socket, query)?;
        let mut pause = AGAIN_AFTER;
        loop {
            socket.udp.send(&question.bytes).await?;
            let until = end.min(Instant::now() + pause);
            match time::timeout_at(until, &mut answer).await {
                Ok(answer) => return answer.unwrap_or_else(|_| Err("the socket is not read any more".into())),
                Err(_) if until == end => return Err(NetError::Timeout),
                Err(_) => pause *= 2,
            }
        }
    }

    async fn socket(&self) -> Result<&Arc<Socket>, NetError> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        match self.sockets[next % SOCKETS].get_or_try_init(|| Socket::connect(self.server)).await {
            Ok(socket) => Ok(socket),
            // Where PHP has no file descriptor left, those that are open do.
            Err(error) => self.sockets.iter().find_map(OnceCell::get).ok_or_else(|| error.into()),
        }
    }
}

impl Socket {
    /// A socket that takes answers from this server only, and a task that reads them.
    async fn connect(server: SocketAddr) -> std::io::Result<Arc<Self>> {
        let any = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let udp = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
        udp.connect(server).await?;
        let socket = Arc::new(Self { udp, open: Mutex::default() });
        tokio::spawn(Arc::clone(&socket).read());
        Ok(socket)
    }

    async fn read(self: Arc<Self>) {
        let mut buffer = [0; LARGEST_ANSWER];
        loop {
            match self.udp.recv(&mut buffer).await {
                Ok(length) => self.deliver(&buffer[..length]),
                Err(error) => {
                    // That nobody listens there, or that no way leads there, counts for every question.
                    for open in self.open().values_mut() {
                        open.answer(Err(std::io::Error::from(error.kind()).into()));
                    }
                    time::sleep(AFTER_AN_ERROR).await;
                }
            }
        }
    }

    /// Gives an answer to the one who asked. What answers no question of ours is passed over: it may be forged.
    fn deliver(&self, bytes: &[u8]) {
        let Some(id) = bytes.first_chunk().copied().map(u16::from_be_bytes) else { return };
        let mut open = self.open();
        let Some(question) = open.get_mut(&id) else { return };
        let response = DnsResponse::from_buffer(bytes.to_vec());
        if response.as_ref().is_ok_and(|response| response.queries != std::slice::from_ref(&question.query)) {
            return;
        }
        question.answer(response.map_err(NetError::from));
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u16, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question as it is sent. Whoever drops it does not wait for the answer any more.
struct Question<'a> {
    socket: &'a Socket,
    id: u16,
    bytes: Vec<u8>,
}

type Answer = oneshot::Receiver<Result<DnsResponse, NetError>>;

impl<'a> Question<'a> {
    fn ask(socket: &'a Socket, query: Query) -> Result<(Self, Answer), NetError> {
        let mut open = socket.open();
        // Its id is chosen at random.
        let request = std::iter::repeat_with(|| DnsRequest::from_query(query.clone(), DnsRequestOptions::default()))
            .find(|request| !open.contains_key(&request.id));
        let Some(request) = request else { return Err(NetError::Busy) };
        let (answer, receiver) = oneshot::channel();
        let question = Self { socket, id: request.id, bytes: request.to_vec()? };
        open.insert(request.id, Open { query, answer: Some(answer) });
        Ok((question, receiver))
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.socket.open().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use hickory_resolver::proto::op::{Message, Metadata};
    use hickory_resolver::proto::rr::{Name, RecordType};

    use super::*;

    fn query(name: &str) -> Query {
        Query::query(Name::from_ascii(name).unwrap(), RecordType::A)
    }

    /// The answer to a question, with another id or another question in it where `change` says so.
    fn answer(question: &[u8], change: impl FnOnce(&mut Message)) -> Vec<u8> {
        let question = Message::from_vec(question).unwrap();
        let mut reply = Message::response(question.metadata.id, question.metadata.op_code);
        reply.metadata = Metadata::response_from_request(&question.metadata);
        reply.add_queries(question.queries);
        change(&mut reply);
        reply.to_vec().unwrap()
    }

    /// A server, and what asks it; `body` is given both, in a runtime.
    fn with_server<F: Future<Output = ()>>(body: impl FnOnce(UdpSocket, Arc<Socket>) -> F) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let socket = Socket::connect(server.local_addr().unwrap()).await.unwrap();
            time::timeout(Duration::from_secs(10), body(server, socket)).await.unwrap();
        });
    }

    #[test]
    fn an_id_is_taken_until_its_question_is_done_with() {
        with_server(|_, socket| async move {
            let (first, mut answered) = Question::ask(&socket, query("a.example.")).unwrap();
            let id = first.id;
            socket.deliver(&answer(&first.bytes, |_| ()));
            assert!(answered.try_recv().unwrap().is_ok());
            // Were it free now, another question could take it, and lose it when the first one goes.
            assert!(socket.open().contains_key(&id));
            socket.deliver(&answer(&first.bytes, |_| ()));
            drop(first);
            assert!(socket.open().is_empty());
        });
    }

    #[test]
    fn what_answers_another_question_is_passed_over() {
        with_server(|_, socket| async move {
            let (question, mut answered) = Question::ask(&socket, query("a.example.")).unwrap();
            socket.deliver(&answer(&question.bytes, |reply| reply.metadata.id ^= 1));
            socket.deliver(&answer(&question.bytes, |reply| reply.queries = vec![query("b.example.")]));
            socket.deliver(&answer(&question.bytes, |reply| reply.queries.clear()));
            socket.deliver(b"x");
            assert!(answered.try_recv().is_err());
            socket.deliver(&answer(&question.bytes, |reply| reply.queries = vec![query("A.Example.")]));
            assert!(answered.try_recv().unwrap().is_ok());
        });
    }

    #[test]
    fn a_question_whose_datagram_is_lost_is_sent_again() {
        with_server(|server, _| async move {
            let udp = Udp::new(server.local_addr().unwrap());
            let lose_one = async {
                let mut buffer = [0; 512];
                server.recv_from(&mut buffer).await.unwrap();
                let (length, from) = server.recv_from(&mut buffer).await.unwrap();
                server.send_to(&answer(&buffer[..length], |_| ()), from).await.unwrap();
            };
            let (response, ()) = tokio::join!(udp.ask(query("a.example."), Duration::from_secs(5)), lose_one);
            assert!(response.is_ok());
        });
    }

    #[test]
    fn where_nobody_listens_the_question_ends_at_once() {
        with_server(|server, _| async move {
            let address = server.local_addr().unwrap();
            drop(server);
            let began = Instant::now();
            let response = Udp::new(address).ask(query("a.example."), Duration::from_secs(5)).await;
            assert!(matches!(response, Err(NetError::Io(_))) && began.elapsed() < Duration::from_secs(2));
        });
    }

    #[test]
    fn silence_ends_with_the_patience() {
        with_server(|server, _| async move {
            let udp = Udp::new(server.local_addr().unwrap());
            let response = udp.ask(query("a.example."), Duration::from_millis(700)).await;
            assert!(matches!(response, Err(NetError::Timeout)));
            let mut buffer = [0; 512];
            for _ in 0..2 {
                server.try_recv(&mut buffer).unwrap();
            }
            assert!(server.try_recv(&mut buffer).is_err());
        });
    }
}
